"""Pages with a form: something is sent, made, changed, taken away."""

from collections.abc import Callable
from typing import Any

from segue.core.texts.texts import framework
from segue.html import render
from segue.html.forms.plan import model_of
from segue.html.naming import title_of
from segue.http.errors import SeeOther
from segue.http.request import Request
from segue.site.finding import Given, Goes, Source, address_of, awaited, key_type, more_values, object_of
from segue.site.lists import about, named
from segue.site.signatures import signed

__all__ = ["create_page", "delete_page", "form_page", "update_page"]

FORM = "segue.site:templates/site/form.html"
DELETE = "segue.site:templates/site/delete.html"


def form_page(
    form: Any,
    done: Callable[..., Any],
    template: str = FORM,
    *,
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that shows a form, and does something with what was sent:

        async def send(contact: Contact) -> str:
            await mail(contact)
            return "/thanks"

        app.route("/contact", methods=["GET", "POST"])(form_page(FormOf[Contact], send))

    ``form``: as a handler would ask for it. ``done`` gets the value of a valid one, and gives the path to go on to, or a response;
    a ValueError of it is told above the form. The template has ``form``; ``values`` are further ones, or a function of the
    request that gives them.
    """

    async def answered(*, request: Request, form: Any) -> Any:
        if form.valid:
            try:
                return _gone(await awaited(done(form.value)))
            except ValueError as error:
                form.refuse("", str(error))
        return form.render(template, **{"title": "", **await more_values(values, request)})

    handler: Callable[..., Any] = signed(answered, {"request": Request, "form": form})
    return handler


def create_page(
    form: Any,
    to: Goes,
    template: str = FORM,
    *,
    more: Callable[[Request], Any] | None = None,
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that makes an object by a form:

        app.route("/films/new", methods=["GET", "POST"])(create_page(FormOf[Film], to="film"))

    ``to``: the route of the object that was made, which gets its parameters from the fields; or a path, or a function of the
    object. ``more``: a function of the request that gives values which the form has not: ``lambda request: {"owner": ...}``.
    """
    model = model_of(form)[1]

    async def answered(*, request: Request, form: Any) -> Any:
        if form.valid:
            made = await form.save(**(dict(await awaited(more(request))) if more else {}))
            if made is not None:
                return _gone(await address_of(to, request, made))
        title = framework.gettext("New: %(name)s", name=title_of(model).lower())
        return form.render(template, **{"title": title, **await more_values(values, request)})

    handler: Callable[..., Any] = signed(answered, {"request": Request, "form": form})
    return handler


def update_page(
    form: Any,
    to: Goes,
    template: str = FORM,
    *,
    source: Source[Any] | None = None,
    by: str = "id",
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that changes an object by a form:

        app.route("/films/{id:int}/edit", methods=["GET", "POST"])(update_page(FormOf[Film], to="film"))

    The object is found as in ``detail_page``, in ``source``, by default all of the model. Where somebody else has changed it
    meanwhile, the form says so. ``values``: or a function of the object.
    """
    found_in: Any = source if source is not None else model_of(form)[1]

    async def answered(*, request: Request, form: Any, **path: Any) -> Any:
        found = await object_of(found_in, request, by, path[by])
        form.edit(found)
        if form.valid:
            saved = await form.save()
            if saved is not None:
                return _gone(await address_of(to, request, saved))
        return form.render(template, **{**about(found), **await more_values(values, found)})

    handler: Callable[..., Any] = signed(
        answered, {"request": Request, "form": form, by: key_type(found_in, by)}
    )
    return handler


def delete_page(
    source: Source[Any],
    to: Goes,
    template: str = DELETE,
    *,
    by: str = "id",
    values: Given = None,
) -> Callable[..., Any]:
    """A handler that asks, and then takes an object away:

        app.route("/films/{id:int}/delete", methods=["GET", "POST"])(delete_page(Film, to="films"))

    GET asks, POST deletes. The template has the object as in ``detail_page``; the built-in one has the token of the form where there are sessions.
    """

    async def answered(*, request: Request, **path: Any) -> Any:
        found = await object_of(source, request, by, path[by])
        if request.method == "POST":
            target = await address_of(to, request, found)
            await found.delete()
            return _gone(target)
        given = {**about(found), "name": named(found)}
        return render(template, {**given, **await more_values(values, found)})

    handler: Callable[..., Any] = signed(answered, {"request": Request, by: key_type(source, by)})
    return handler


def _gone(target: Any) -> Any:
    """Leads on: a path by a redirect, after which reloading sends nothing again; a response as it is."""
    if isinstance(target, str):
        raise SeeOther(target)
    return target

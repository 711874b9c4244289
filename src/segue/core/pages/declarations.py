"""What an application may say about its pages: folders, names that templates know, what stands in for what."""

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict, TypeVar, Unpack, overload

from segue.core.pages.assets import is_spec, located
from segue.core.pages.records import Named, NameKind, Override, Patch, wants_request
from segue.core.ports import Templating
from segue.core.recording import Recording, Req_co

__all__ = ["Paged"]

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=Mapping[str, Any] | Awaitable[Mapping[str, Any]])


class PatchParts(TypedDict, total=False):
    """What a patch does to the elements that it finds."""

    content: str
    append: str
    prepend: str
    replace: str
    before: str
    after: str


class Paged(Recording[Req_co]):
    """Records what pages are made of. The core makes none: ``segue.html`` does, or what else is listed as a plugin."""

    def templates(self, folder: "str | os.PathLike[str]") -> None:
        """Names a folder of templates, for what renders them: those of an app hide those of the apps it includes.

        A relative folder is looked for beside the file that says so; ``"package:folder"`` is in a package.
        """
        place, _ = self._declaring("a folder of templates")
        self.declared.templates.append((located(folder, place), place))

    def override(self, target: "str | os.PathLike[str]", by: "str | os.PathLike[str]") -> None:
        """Lets a file or folder stand in for one of an app that is included, or of any package; nothing is copied.

            app.override("blog:templates/post.html", "templates/our_post.html")     # one file
            app.override("blog:static/", "blog_static")                            # what is in a folder
            app.override("blog:", "blog_overrides")                                # anything in a package

        Both are ``package:path``, or paths beside the file that says so. What the replacing folder does not have stays
        as it is. Several overrides of one target are asked in turn: those of the including app first, then the last
        declared. It holds for templates and for static files.
        """
        place, _ = self._declaring("an override")
        self.declared.pages.overrides.append(Override(located(target, place), located(by, place), place))

    def patch_template(self, template: str, selector: str, /, **parts: Unpack[PatchParts]) -> None:
        """Changes elements of a template of an app that is included, wherever the template is used.

            app.patch_template("blog:templates/post.html", "#comments", append="{% include 'share.html' %}")
            app.patch_template("post.html", "article > h1", content="{{ post.title|upper }}", after="<hr>")

        ``template``: its name as handlers say it, or ``package:path``. ``selector``: of CSS; it has to find something, all
        that it finds is changed. ``content`` is put in place of what the element contains, ``append`` and ``prepend``
        into it, ``replace`` in place of it, ``before`` and ``after`` beside it: each is template text.
        """
        place, _ = self._declaring("a patch of a template")
        file = os.path.realpath(located(template, place)) if is_spec(template) else None
        if not parts:
            raise TypeError(
                f"{place}: a patch says what to do: content=, append=, prepend=, replace=, before= or after="
            )
        # Before the element itself is replaced, what is beside it is put there.
        for where in ("content", "append", "prepend", "before", "after", "replace"):
            text = parts.get(where)
            if isinstance(text, str):
                self.declared.pages.patches.append(Patch(template, file, selector, where, text, place))

    @overload
    def template_global(self, function: F, /, *, name: str | None = ...) -> F: ...
    @overload
    def template_global(self, /, *, name: str | None = ...) -> Callable[[F], F]: ...
    def template_global(self, function: Any = None, /, *, name: str | None = None) -> Any:
        """Lets templates call the decorated function by its name.

            @app.template_global
            def asset(request: Request, path: str) -> str: ...          # {{ asset("site.css") }}

        A first parameter called ``request`` is given by Segue: it is None where no request is answered.
        """
        return self._named("global", function, name)

    @overload
    def template_value(self, function: F, /, *, name: str | None = ...) -> F: ...
    @overload
    def template_value(self, /, *, name: str | None = ...) -> Callable[[F], F]: ...
    def template_value(self, function: Any = None, /, *, name: str | None = None) -> Any:
        """Lets templates use what the decorated function returns, as a value: it is called where one mentions it.

        @app.template_value
        def visitor(request: Request) -> Visitor: ...               # {{ visitor.name }}

        Once for each page at most. A page that does not mention it pays nothing.
        """
        return self._named("value", function, name)

    @overload
    def template_filter(self, function: F, /, *, name: str | None = ...) -> F: ...
    @overload
    def template_filter(self, /, *, name: str | None = ...) -> Callable[[F], F]: ...
    def template_filter(self, function: Any = None, /, *, name: str | None = None) -> Any:
        """Lets templates use the decorated function as a filter: ``{{ price|euro }}``."""
        return self._named("filter", function, name)

    @overload
    def template_test(self, function: F, /, *, name: str | None = ...) -> F: ...
    @overload
    def template_test(self, /, *, name: str | None = ...) -> Callable[[F], F]: ...
    def template_test(self, function: Any = None, /, *, name: str | None = None) -> Any:
        """Lets templates use the decorated function as a test: ``{% if year is leap %}``."""
        return self._named("test", function, name)

    def template_globals(self, **values: Any) -> None:
        """Names that all templates know: ``app.template_globals(site="Films", currency="EUR")``."""
        place, _ = self._declaring("a name for templates")
        for name, value in values.items():
            self.declared.pages.names.append(Named("global", name, value, False, place))

    def template_context(self, function: Callable[[Req_co], C]) -> Callable[[Req_co], C]:
        """Calls the decorated function with the request for every page that is rendered, and adds what it returns.

        @app.template_context
        def menu(request: Request) -> dict[str, object]: ...

        A page's own values win. ``template_value`` says the same of one name, and costs nothing where it is not used.
        """
        place, _ = self._declaring("a context for templates")
        self.declared.pages.contexts.append((function, place))
        return function

    def templating(self, templating: Templating) -> None:
        """Names what makes pages of templates: routes with ``template=`` ask it. Plugins of template engines do this."""
        place, _ = self._declaring("templating")
        self.declared.pages.templating.append((templating, place))

    def _named(self, kind: NameKind, function: Any, name: str | None) -> Any:
        place, _ = self._declaring("a name for templates")

        def register(one: F) -> F:
            known = name or str(getattr(one, "__name__", type(one).__name__)).rstrip("_")
            asks = kind in ("global", "value") and wants_request(one)
            self.declared.pages.names.append(Named(kind, known, one, asks, place))
            return one

        return register if function is None else register(function)

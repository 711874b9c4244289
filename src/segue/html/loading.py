"""Parts of a page that are pages of the app themselves: ``{{ load("/films/latest") }}``."""

from markupsafe import Markup, escape

from segue.core.routing.subrequests import body_of, subrequest
from segue.html.gaps import gaps_of
from segue.http.errors import HTTPError
from segue.http.request import Request

__all__ = ["load"]


def load(request: Request | None, target: str, /, *, lazy: bool = False, label: str | None = None) -> Markup:
    """What another handler of the app answers, in this page.

        {{ load(url_for("latest")) }}
        {{ load(url_for("comments", id=film.id), lazy=True, label=_("Comments")) }}

    The handler is asked when the rest of the page has been rendered, as the same visitor, and its HTML is put in as it is; any other text is escaped. An answer that is an
    error makes the page one. ``lazy``: the browser asks when the page is there, with htmx; until then, and without it, there is a link of the text ``label``.

    Raises ValueError for what is no path of the app, and TemplateError where no request is answered.
    """
    if not target.startswith("/") or target.startswith("//") or "\\" in target:
        raise ValueError(
            f"load() is given a path of the app, such as url_for('latest'), and not {target!r:.80}"
        )
    if lazy:
        quoted, text = escape(target), escape(label if label is not None else target)
        return Markup(  # noqa: S704 -- both are escaped
            f'<div hx-get="{quoted}" hx-trigger="load" hx-swap="outerHTML"><a href="{quoted}">{text}</a></div>'
        )
    if request is None:
        raise ValueError(
            f"load({target!r:.80}) asks a handler for a visitor, and no request is answered here"
        )
    visitor = request

    async def make() -> str:
        prefix = visitor.prefix
        own = target.removeprefix(prefix) if prefix and target.startswith(f"{prefix}/") else target
        response = await subrequest(visitor, own)
        if response.status >= 400:
            raise HTTPError(response.status, f"A part of the page, {target}, could not be made.")
        if response.status >= 300:
            raise ValueError(
                f"{target} is no part of a page: it redirects to {response.headers.get('location')}"
            )
        text = (await body_of(response)).decode()
        return (
            text
            if (response.headers.get("content-type") or response.content_type or "").startswith("text/html")
            else str(escape(text))
        )

    return gaps_of(visitor).leave(make)

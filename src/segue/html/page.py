"""Pages as results: a template and its values, rendered when the response is made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from segue.core.results.streams import Stream
from segue.html.gaps import fill_now, filled, has_gaps
from segue.html.library import Library, Prepared, library_of, ready, waits
from segue.html.streaming import streamed
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Page", "Renderer", "render"]


class Page:
    """What :func:`render` gives: a page that knows its template and its values. It is rendered when it is answered with."""

    __slots__ = ("_block", "_oob", "_stream", "headers", "status", "template", "values")

    def __init__(self, template: str, values: Mapping[str, Any]) -> None:
        self.template = template
        self.values = values
        self.status = 200
        self.headers: dict[str, str] | None = None
        self._block: str | None = None
        self._oob: tuple[str, ...] = ()
        self._stream = False

    def with_status(self, status: int, headers: Mapping[str, str] | None = None) -> "Page":
        """The page with another status, and with header fields."""
        self.status = status
        self.headers = None if headers is None else dict(headers)
        return self

    def part(self, block: str, *, oob: Sequence[str] = ()) -> "Page":
        """The page for who asks for a page, and one block of it for htmx.

            return render("films.html", films=films).part("list", oob=["count"])

        ``oob``: further blocks, which htmx puts into the elements whose ids are the names of the blocks.
        """
        self._block = block
        self._oob = tuple(oob)
        return self

    def streamed(self) -> "Page":
        """The page, sent while it is rendered: for large ones, and where something in it takes its time.

            return render("report.html", rows=Film.stream(), totals=count_all).streamed()

        Values may be async: ``{% for row in rows %}`` takes async iterators, and ``{{ totals() }}`` waits for what an
        ``async def`` gives; what stands before it is sent already. A failure after the first piece ends the connection, as
        its status is gone. Signals are not sent for it.
        """
        self._stream = True
        return self

    def __response__(self, request: Request, app: Any) -> Response | Awaitable[Response]:
        endpoint: Any = request.endpoint
        library = library_of((app,) if endpoint is None else endpoint.apps)
        names = self._names(request)
        if not library.is_prepared(*names):
            return self._compiled(library, names, request)
        return self._made(library, names, request)

    async def _compiled(self, library: Library, names: list[str], request: Request) -> Response:
        # A page and all that it extends and includes may take some tenths of a second, once: others are served meanwhile.
        await asyncio.to_thread(lambda: [library.prepared(name) for name in names])
        made = self._made(library, names, request)
        return made if isinstance(made, Response) else await made

    def _made(self, library: Library, names: list[str], request: Request) -> Response | Awaitable[Response]:
        prepared = library.prepared(names[0])
        if self._stream:
            return self._streamed(prepared, request)
        if library.direct and len(names) == 1 and not waits(self.values):
            page = prepared.text(self.values, request)
            return (
                self._filled(prepared, page, request) if has_gaps(request) else self._finished(prepared, page)
            )
        return self._told(library, names, request)

    def _names(self, request: Request) -> list[str]:
        """The templates and blocks that make the page: the part that was asked for, and what changes besides."""
        if self._block is None:
            return [self.template]
        from segue.html.htmx import wants_fragment

        if not wants_fragment(request):
            return [self.template]
        return [f"{self.template}#{one}" for one in (self._block, *self._oob)]

    async def _told(self, library: Library, names: list[str], request: Request) -> Response:
        prepared = library.prepared(names[0])
        values = await ready(self.values)  # once for all parts
        page, *others = [await library.prepared(name).told(values, request) for name in names]
        for block, text in zip(self._oob, others, strict=True):
            page += f'\n<div hx-swap-oob="innerHTML:#{escape(block)}">{text}</div>'
        return self._finished(prepared, page)

    async def _filled(self, prepared: Prepared, page: str, request: Request) -> Response:
        return self._finished(prepared, await filled(request, page))

    def _finished(self, prepared: Prepared, text: str) -> Response:
        response = Response(text.encode(), self.status, self.headers, prepared.content_type)
        if self._block is not None:
            response.headers.vary("hx-request")
        return response

    async def _streamed(self, prepared: Prepared, request: Request) -> Response:
        pieces: AsyncIterator[bytes] = streamed(prepared, self.values, request)
        # What fails before the first piece is an ordinary error.
        first = await anext(pieces, None)
        body = Stream(pieces, lambda piece: piece, first, getattr(pieces, "aclose", None))
        return Response(body, self.status, self.headers, prepared.content_type)

    async def response(self, request: Request) -> Response:
        """The response, for middleware."""
        made = self.__response__(request, request.app)
        return made if isinstance(made, Response) else await made

    def __repr__(self) -> str:
        return f"<Page {self.template!r}: {', '.join(self.values) or 'no values'}>"


def render(template: str, values: Mapping[str, Any] | None = None, /, **named: Any) -> Page:
    """A page by a template: return it from a handler, an error handler or a hook.

        @app.get("/films/{id:int}")
        async def show(id: int) -> Page:
            return render("film.html", film=await Film.get(id))

    ``template``: the path below a folder of templates; ``film.html#cast`` is one block of it, ``package:film.html`` is in a
    package. Its values are named arguments, or a mapping. It is rendered when the handler has returned, in the
    templates of the handler's app. ``(render(...), 404)`` has another status.

    Errors in the template come up there: TemplateMissing, which names every place, and what its code raises.
    """
    return Page(template, named if values is None else {**values, **named})


class Renderer:
    """Renders templates where no request is answered, or for something else than a response: mails, messages, tasks.

        @app.post("/orders")
        async def order(order: Order, renderer: Renderer) -> None:
            text = renderer.text("mail/thanks.txt", order=order)

    It is provided by ``Templates``.
    """

    def __init__(self, apps: tuple[Any, ...]) -> None:
        self._apps = apps

    def text(self, template: str, /, *, request: Request | None = None, **values: Any) -> Markup:
        """The page of a template. ``request``: for what wants one, such as whole URLs. Raises TemplateError."""
        prepared = library_of(self._apps).prepared(template)
        return Markup(fill_now(request, prepared.text(values, request)))  # noqa: S704 -- what a template gives is HTML

    def string(self, source: str, /, *, request: Request | None = None, **values: Any) -> Markup:
        """The page of a template that is a text; its values are escaped as in a file.

        A template is code: never one that somebody else has written, and no value is put into ``source``.
        """
        compiled = library_of(self._apps).string(source)
        return Markup(fill_now(request, compiled.render(values, request)))  # noqa: S704 -- as above

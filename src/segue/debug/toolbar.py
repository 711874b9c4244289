"""The plugin that keeps the last requests and shows them, for development alone."""

import logging
from collections.abc import AsyncIterator

from segue.core.app import App
from segue.core.errors.locality import is_local
from segue.core.inspection.overview import inspect_app, place_text
from segue.core.plugins.setup import Setup
from segue.core.records import Next
from segue.debug.history import Entry, History
from segue.debug.panels import app_page, history_page, link, request_page
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Toolbar"]

PATH = "/_debug"


class Toolbar:
    """The last 50 requests at ``/_debug/``, and a line at the end of each page that leads to its own:

        app = App(plugins=[Toolbar()])

    Each with its time, header, log, and what answered it; ``/_debug/app`` shows routes, middleware, providers, error
    handlers, settings with where each comes from, and versions. It is there under ``segue run`` only, and only for this machine: elsewhere the plugin declares
    nothing at all.
    """

    name = "toolbar"

    def setup(self, to: Setup) -> None:
        if not (to.app.debug and to.app.development):
            return
        bar = _Bar(to.app)
        to.middleware(bar.watch)
        to.before(bar.history.enter)
        to.after(bar.history.leave)
        to.lifespan(bar.listen)
        to.get(f"{PATH}/", name="toolbar.requests")(bar.requests)
        to.get(f"{PATH}/requests/{{number:int}}", name="toolbar.request")(bar.request)
        to.get(f"{PATH}/app", name="toolbar.app")(bar.about)


class _Bar:
    """The toolbar of one app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.history = History()

    async def listen(self) -> AsyncIterator[None]:
        """Hears what is logged while the app runs."""
        root = logging.getLogger()
        root.addHandler(self.history)
        own = logging.getLogger("segue")
        if not own.propagate:
            own.addHandler(self.history)
        yield
        root.removeHandler(self.history)
        own.removeHandler(self.history)

    async def watch(self, request: Request, next: Next) -> Response:
        """Keeps the request, and puts the line into a page."""
        if request.path.startswith(f"{PATH}/") or not is_local(request):
            return await next(request)
        begun = self.history.begin(request)
        response = Response(b"", 500)
        try:
            response = await next(request)
        finally:
            self.history.end(begun, request, response)
        _put_link(response, request.prefix + PATH, begun[0])
        return response

    async def requests(self, request: Request) -> Response:
        _admit(request)
        return history_page(request.prefix + PATH, reversed(self.history.entries))

    async def request(self, request: Request, number: int) -> Response:
        _admit(request)
        entry = self.history.entry(number)
        if entry is None:
            raise NotFound("This request is not kept any more.")
        return request_page(request.prefix + PATH, entry)

    async def about(self, request: Request) -> Response:
        _admit(request)
        providers = [
            (str(one.key), f"for the {one.life} ({place_text(one.place)})")
            for view in self.app.plan.injection.views
            for one in view
        ]
        plan = self.app.plan
        settings = [
            (one.name, f"{one.shown} ({one.source})")
            for section in plan.life.settings
            for one in section.settings
        ]
        return app_page(request.prefix + PATH, inspect_app(self.app), providers, settings)


def _admit(request: Request) -> None:
    if not is_local(request):
        raise NotFound("There is nothing here.")


def _put_link(response: Response, prefix: str, entry: Entry) -> None:
    """Puts the line before the end of a page that is there as a whole and not compressed."""
    body, kind = response.body, response.headers.get("content-type", response.media_type or "")
    if (
        not isinstance(body, bytes)
        or not kind.startswith("text/html")
        or "content-encoding" in response.headers
    ):
        return
    before, end, after = body.rpartition(b"</body>")
    if end:
        response.body = before + link(prefix, entry).encode() + end + after
        for name in ("etag", "content-length"):
            if name in response.headers:
                del response.headers[name]

"""The plugin that puts a console into error pages, for development alone."""

from collections.abc import AsyncIterator

from msgspec import Struct

from segue.core.app import App
from segue.core.appkey import AppKey
from segue.core.errors.failure import causes_of, masker_for
from segue.core.errors.locality import is_local
from segue.core.errors.problems import error_form
from segue.core.plugins.setup import Setup
from segue.core.records import Next
from segue.debug.failures import Failures
from segue.debug.page import console_page
from segue.debug.tokens import Gate
from segue.http.errors import Forbidden, NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Debugger"]

PATH = "/_debug/console"


class Unlock(Struct, forbid_unknown_fields=True):
    """What opens the console."""

    token: str


class Typed(Struct, forbid_unknown_fields=True):
    """A line for the console of a frame."""

    failure: str
    frame: int
    code: str


class Debugger:
    """Error pages with a console in each frame:

        app = App(plugins=[Debugger()])

    It is there under ``segue run`` only: elsewhere the plugin declares nothing at all. It answers clients on this
    machine that use a name of this machine, after a token that only the terminal shows, and only scripts of its own
    page.
    """

    name = "debugger"

    def setup(self, to: Setup) -> None:
        if not (to.app.debug and to.app.development):
            return
        desk = to.app[_DESK] = _Desk(to.app)
        to.middleware(desk.watch)
        to.lifespan(desk.announce)
        to.post(f"{PATH}/unlock", name="debugger.unlock")(desk.unlock)
        to.post(f"{PATH}/run", name="debugger.run")(desk.run)


class _Desk:
    """The debugger of one app."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.gate = Gate()
        self.failures = Failures()

    async def announce(self) -> AsyncIterator[None]:
        self.gate.announce()
        yield

    async def watch(self, request: Request, next: Next) -> Response:
        """Puts the console into the page of what nobody foresaw."""
        made = request.made = {} if request.made is None else request.made
        is_asked = "unhandled" in made  # a test client wants it raised
        made.setdefault("unhandled", None)
        response = await next(request)
        error: BaseException | None = made["unhandled"] if is_asked else made.pop("unhandled")
        if error is None or not self._is_for(request):
            return response
        if error_form(request, self.app.defaults.get("errors", "auto")) != "html":
            return response
        masker = masker_for(request, error)
        causes = causes_of(error, masker, with_values=True)
        return console_page(
            request, error, causes, masker, failure=self.failures.keep(causes), path=request.prefix + PATH
        )

    async def unlock(self, request: Request, unlock: Unlock) -> dict[str, str]:
        self._admit(request)
        key = self.gate.open(unlock.token)
        if key is None:
            raise Forbidden("That is not the token that the terminal shows.")
        return {"key": key}

    async def run(self, request: Request, typed: Typed) -> dict[str, str]:
        self._admit(request)
        if not self.gate.knows(request.headers.get("x-segue-console", "")):
            raise Forbidden("The console is locked.")
        console = self.failures.console(typed.failure, typed.frame)
        if console is None:
            raise NotFound("This failure is not kept any more: ask for the page again.")
        return {"output": await console.run(typed.code, self.app.threads)}

    def _is_for(self, request: Request) -> bool:
        return self.app.debug and self.app.development and is_local(request)

    def _admit(self, request: Request) -> None:
        """Lets only the script of our own page in: what a page of another site sends has another Origin."""
        own = f"{request.scheme}://{request.host}"
        site = request.headers.get("sec-fetch-site", "same-origin")
        if not self._is_for(request) or request.headers.get("origin") != own or site != "same-origin":
            raise NotFound("There is nothing here.")


_DESK: AppKey[_Desk] = AppKey("segue.debugger")

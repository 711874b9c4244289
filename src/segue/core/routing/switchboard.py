"""Many sites in one process: apps that are installed, replaced, disabled and removed while it runs."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segue.core.middleware.security_headers import DEFAULT_HEADERS
from segue.core.routing.mounting import shifted
from segue.core.routing.sitefolder import FolderSite, SiteFolder
from segue.core.source import calling_frame
from segue.http.errors import NotFound, ServiceUnavailable
from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import split_authority
from segue.server.application import Application, request_class_of
from segue.server.mount import mounted

__all__ = ["Site", "Switchboard"]

logger = logging.getLogger("segue.sites")

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})


class Site(NamedTuple):
    """A site of a switchboard, as it is now."""

    name: str
    app: Any
    is_enabled: bool


class _Running:
    """An app that answers for a site, and the requests that it is answering."""

    __slots__ = ("app", "application", "idle", "open")

    def __init__(self, app: object) -> None:
        self.app = app
        self.application: Application = mounted(app)
        self.open = 0
        self.idle = asyncio.Event()
        self.idle.set()

    async def start(self) -> None:
        freeze = getattr(self.app, "freeze", None)
        if freeze is not None:
            freeze()
        await self.application.startup()

    async def handle(self, request: Request, depth: int) -> Response:
        self.open += 1
        self.idle.clear()
        # Not when the response is there: a stream or a WebSocket goes on after that.
        request.after(self._done)
        return await self.application.handle(shifted(request, depth, request_class_of(self.application)))

    async def stop(self, grace: float) -> None:
        """Lets the requests end that have begun, then ends the app."""
        try:
            await asyncio.wait_for(self.idle.wait(), grace)
        except TimeoutError:
            logger.warning(
                "%r ends, though %s of its requests are still open after %g s", self.app, self.open, grace
            )
        await self.application.shutdown()

    def _done(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.idle.set()


class Switchboard:
    """Sites that come and go while the server runs: ``/shop/...`` goes to the app that is installed as ``shop``.

        board = Switchboard(domains={"films.example": "films"}, default="welcome")
        app.mount("/", board)

        await board.install("films", films)      # freezes and starts it; then it answers
        await board.replace("films", films_2)    # the new one answers; the old one ends when its requests have
        board.disable("films")                   # 503, but not for who sits at the machine itself
        await board.remove("films")

    ``domains``: sites that have a host of their own; their URLs there have no ``/films``. ``default``: the site of all
    that belongs to no other, without its name in the URL. ``grace``: seconds that requests have to end. A site is any
    app that can be mounted; one object is one site (``app.copy()`` makes another). Before the start, ``install`` only
    takes note.

    What is said by these methods is of one process. For many workers, ``Switchboard("sites")`` has the sites of a
    folder, ``sites/NAME.py`` or a package ``sites/NAME``, each with an ``app``: all workers look at it every ``every``
    seconds, and install, replace, disable (``sites/NAME.disabled``) and remove what has changed. A site that does not
    load is logged, and the one before goes on. A relative folder is looked for beside the file that says so.
    """

    def __init__(
        self,
        folder: "str | os.PathLike[str] | None" = None,
        *,
        domains: Mapping[str, str] | None = None,
        default: str | None = None,
        grace: float = 30,
        every: float = 1,
    ) -> None:
        beside = Path(calling_frame().f_code.co_filename).parent
        self._folder = None if folder is None else SiteFolder(beside / folder)
        self._every = every
        self._seen: dict[str, FolderSite] = {}
        self._broken: set[str] = set()
        self._watch: asyncio.Task[None] | None = None
        self.domains = {_host(domain): site for domain, site in (domains or {}).items()}
        self.default = default
        self.grace = grace
        self.default_headers: RawHeaders = list(DEFAULT_HEADERS)
        self._sites: dict[str, _Running] = {}
        self._disabled: set[str] = set()
        self._changing = asyncio.Lock()
        self._is_running = False
        self._ending: set[asyncio.Task[None]] = set()

    # --- what there is -------------------------------------------------------------------------------------------

    @property
    def sites(self) -> list[Site]:
        """All sites, by name."""
        return [
            Site(name, running.app, name not in self._disabled)
            for name, running in sorted(self._sites.items())
        ]

    async def install(self, name: str, app: object) -> None:
        """Lets ``app`` answer for a new site. Raises what its start raises: then nothing has changed."""
        if not name or "/" in name or name in (".", ".."):
            raise ValueError(f"{name!r} cannot be the name of a site: it is the first segment of its paths")
        async with self._changing:
            if name in self._sites:
                raise ValueError(f"there is a site {name!r} already; replace() puts another app in its place")
            self._sites[name] = await self._started(app)

    async def replace(self, name: str, app: object) -> None:
        """Lets ``app`` answer for a site that there is. Raises what its start raises: then the old one goes on."""
        async with self._changing:
            old = self._known(name)
            self._sites[name] = await self._started(app)
            self._end(old)

    async def remove(self, name: str) -> None:
        """Takes a site away, when its requests have ended."""
        async with self._changing:
            old = self._known(name)
            del self._sites[name]
            self._disabled.discard(name)
            self._end(old)

    def disable(self, name: str) -> None:
        """Lets the site answer 503 to everybody but those at the machine itself."""
        self._known(name)
        self._disabled.add(name)
        if self._folder is not None and name in self._seen:
            self._folder.mark(name, disabled=True)

    def enable(self, name: str) -> None:
        """Lets a disabled site answer again."""
        self._known(name)
        self._disabled.discard(name)
        if self._folder is not None and name in self._seen:
            self._folder.mark(name, disabled=False)

    async def refresh(self) -> None:
        """Looks at the folder now, and does what has changed there."""
        folder = self._folder
        if folder is None:
            raise RuntimeError("this switchboard has no folder: Switchboard('sites') has one")
        found = await asyncio.to_thread(folder.scan)
        for name in self._seen.keys() - found.keys():
            self._broken.discard(name)
            if name in self._sites:
                await self.remove(name)
        for name, site in found.items():
            if name not in self._seen or self._seen[name].version != site.version:
                await self._load(folder, site)
            if site.is_disabled:
                self._disabled.add(name)
            elif name in self._seen and self._seen[name].is_disabled:
                self._disabled.discard(name)
        self._seen = found

    async def _load(self, folder: SiteFolder, site: FolderSite) -> None:
        name = site.name
        try:
            app = await asyncio.to_thread(folder.load, site)
            await (self.replace(name, app) if name in self._sites else self.install(name, app))
        except Exception:
            self._broken.add(name)
            goes_on = "; what was there before goes on" if name in self._sites else ""
            logger.exception("the site %s (%s) does not start%s", name, site.file, goes_on)
        else:
            self._broken.discard(name)
            logger.info("the site %s was loaded from %s", name, site.file)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            try:
                await self.refresh()
            except Exception:
                logger.exception("the folder of sites could not be read; it is tried again")

    def _known(self, name: str) -> _Running:
        try:
            return self._sites[name]
        except KeyError:
            raise LookupError(
                f"there is no site {name!r}; there are: {', '.join(sorted(self._sites)) or 'none'}"
            ) from None

    async def _started(self, app: object) -> _Running:
        if any(one.app is app for one in self._sites.values()):
            raise ValueError(f"{app!r} is a site already; app.copy() makes another one of it")
        running = _Running(app)
        if self._is_running:
            await running.start()
        return running

    def _end(self, running: _Running) -> None:
        if not self._is_running:
            return
        task = asyncio.create_task(self._stop([running]), name=f"end of {running.app!r}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _stop(self, ending: Iterable[_Running]) -> None:
        for running in ending:
            try:
                await running.stop(self.grace)
            except Exception:
                logger.exception("the end of %r failed; the other sites go on", running.app)

    # --- an application ------------------------------------------------------------------------------------------

    async def startup(self) -> None:
        """Starts all sites. What one of them raises stops the start, after those before it were ended."""
        started: list[_Running] = []
        try:
            for running in self._sites.values():
                await running.start()
                started.append(running)
        except BaseException:
            await self._stop(reversed(started))
            raise
        self._is_running = True
        if self._folder is not None:
            await self.refresh()
            self._watch = asyncio.create_task(self._look(), name="folder of sites")

    async def shutdown(self) -> None:
        """Ends all sites."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        self._is_running = False
        await self._stop(list(self._sites.values())[::-1])
        await asyncio.gather(*self._ending)

    @property
    def handle(self) -> "Callable[[Request], Any]":
        """Hands a request to its site."""
        return self._answer

    async def _answer(self, request: Request) -> Response:
        name, depth = self._site_of(request)
        running = self._sites.get(name)
        if running is None:
            if name in self._broken:
                raise ServiceUnavailable(f"The site {name} does not start; the log says why.")
            raise NotFound
        if name in self._disabled and not is_local(request):
            raise ServiceUnavailable(f"The site {name} is closed for a while.", retry_after=300)
        return await running.handle(request, depth)

    def _site_of(self, request: Request) -> tuple[str, int]:
        """The name of the site, and how many segments of the path it takes."""
        if self.domains:
            by_host = self.domains.get(_host(request.host))
            if by_host is not None:
                return by_host, 0
        first = request.path.split("/", 2)[1] if request.path.startswith("/") else ""
        if (first in self._sites or first in self._broken) and first != self.default:
            return first, 1
        return self.default or "", 0


def is_local(request: Request) -> bool:
    """Whether a request comes from this machine itself, and not through a proxy on it."""
    client = request.client
    if client is None or client[0] not in ("127.0.0.1", "::1"):
        return False
    return _host(request.host) in _LOCAL_HOSTS and not any(
        name in _FORWARDED for name, _ in request.raw_headers
    )


def _host(authority: str) -> str:
    return split_authority(authority)[0].removesuffix(".")

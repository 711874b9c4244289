"""One process that serves: loads the application, runs its loop, obeys signals, and leaves in time."""

import asyncio
import concurrent.futures.thread
import contextlib
import gc
import logging
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from segue.server.application import Application
from segue.server.broken import BrokenApplication
from segue.server.config import ServerConfig
from segue.server.eventloop import close_event_loop, new_event_loop
from segue.server.exchange import Exchange, Relief, report_loop_error
from segue.server.frames import own_traceback, place_of
from segue.server.lifetime import Lifetime
from segue.server.link import Alive, Failed, Link, Ready, Recycle
from segue.server.listen import Listener
from segue.server.server import Server, StartTimeout
from segue.server.service import AccessLog
from segue.server.target import TargetError
from segue.server.watchdog import Watchdog

__all__ = ["RESTART", "Worker"]

logger = logging.getLogger("segue.server")

#: The signal by which a supervisor asks a worker to drain because another one takes over.
RESTART = getattr(signal, "SIGUSR2", signal.SIGTERM)
_TICK = 1.0
_BEYOND_GRACE = 0.8  # seconds for the application's shutdown when requests have used up the grace time
_ENOUGH_DESCRIPTORS = 65_536


class Worker:
    """Serves what ``load`` returns on ``listeners`` until a signal says stop.

    SIGTERM and SIGINT drain; a second one cuts what is left. With a ``link``, the process is the child of a
    supervisor: it reports there, leaves Ctrl-C to the supervisor, and drains when the supervisor is gone.
    """

    def __init__(
        self,
        load: Callable[[], Application],
        listeners: Sequence[Listener],
        config: ServerConfig,
        *,
        tls: ssl.SSLContext | None = None,
        access_log: AccessLog | None = None,
        reopen_logs: Callable[[], None] = lambda: None,
        link: Link | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self._load = load
        self._listeners = listeners
        self._config = config
        self._tls = tls
        self._access_log = access_log
        self._reopen_logs = reopen_logs
        self._link = link
        self._exchange = exchange
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting: asyncio.Task[Server | None] | None = None
        self._asked = False  # to stop, by a signal
        self._stopping = asyncio.Event()
        self._restart = False
        self._server: Server | None = None
        self._deadline: float | None = None
        self._watchdog: Watchdog

    def run(self) -> int:
        """Serves until told to stop, and returns the exit code."""
        threads = set(threading.enumerate())
        before = {number: signal.signal(number, handler) for number, handler in self._handlers().items()}
        # Not only those that are handled: the processes that an app starts inherit what is blocked.
        held_back = frozenset[int]() if self._link is None else self._link.held_back
        signal.pthread_sigmask(signal.SIG_UNBLOCK, before.keys() | held_back)
        parent = None if self._link is None else self._link.parent
        self._watchdog = Watchdog(self._config.block_limit, parent=parent, orphaned=self._orphaned)
        self._watchdog.end_within(self._config.start_timeout + 0.5, 1, self._tell_late_start)
        try:
            return self._run()
        finally:
            self._watchdog.unwatch()
            self._leave(threads)
            self._watchdog.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self) -> int:
        try:
            application = self._load()
        except SystemExit as end:
            if self._asked:
                return 0
            failure = f"The application's module ended the program: SystemExit({end.code!r})."
        except BaseException as error:  # noqa: BLE001 -- the user's module: told, and the start fails
            failure = _described(error)
        else:
            return self._run_loop(application)
        return self._run_loop(self._broken(failure)) if self._stays_up else self._fail(failure)

    def _run_loop(self, application: Application) -> int:
        _raise_descriptor_limit()
        loop = self._loop = new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(self._serve(application))
        finally:
            close_event_loop(loop)
            asyncio.set_event_loop(None)

    async def _serve(self, application: Application) -> int:
        loop = asyncio.get_running_loop()
        self._starting = loop.create_task(self._start(application))
        try:
            server = self._server = await self._starting
        except asyncio.CancelledError:
            return 0
        if server is None:
            return 1
        self._watchdog.lift()
        if self._exchange is None:
            self._watchdog.watch(loop)
        else:
            loop.set_exception_handler(report_loop_error)
            self._watchdog.watch(loop, Relief(server.service, self._exchange, loop))
        if self._link is not None:
            self._link.send(Ready())
        else:
            logger.info(
                "Segue serves at %s (process %d). Ctrl-C stops it.", ", ".join(server.urls), os.getpid()
            )
        heart = loop.create_task(self._beat(server))
        await self._stopping.wait()
        heart.cancel()
        self._begin_exit()
        try:
            await server.stop(restart=self._restart)
        except Exception as error:  # noqa: BLE001 -- the user's shutdown: told, and the process ends all the same
            logger.error("The application's shutdown failed.\n%s", own_traceback(error))
            return 1
        return 0

    async def _start(self, application: Application) -> Server | None:
        server = Server(
            application,
            self._config,
            listeners=self._listeners,
            tls=self._tls,
            access_log=self._access_log,
            exchange=self._exchange,
        )
        try:
            await server.start()
        except Exception as error:  # noqa: BLE001 -- the user's start-up: told, and the start fails
            reason = _described(error)
            if self._stays_up and not isinstance(application, BrokenApplication):
                return await self._start(self._broken(reason))
            self._fail(reason)
            return None
        # PERF: what start-up made stays: the collector need not walk it again and again, nor look for garbage each 700
        # objects. 1,000 rows sent as JSON take 230 us instead of 370; 20,000 would bring 5 us more and cost memory.
        gc.collect()
        gc.freeze()
        gc.set_threshold(5_000, 20, 50)
        return server

    @property
    def _stays_up(self) -> bool:
        """In development a worker that cannot serve the application serves the reason."""
        return self._config.reloading is not None

    def _broken(self, reason: str) -> BrokenApplication:
        logger.error("The application does not start.\n%s", reason)
        return BrokenApplication(reason)

    async def _beat(self, server: Server) -> None:
        """Tells the supervisor once a second that all is well, and once that it is time for a successor."""
        link = self._link
        if link is None:
            return
        recycling = self._config.recycling
        limit = None if recycling is None else Lifetime(recycling)
        while True:
            await asyncio.sleep(_TICK)
            link.send(Alive())
            if limit is not None and (why := limit.passed(server.service.requests)) is not None:
                link.send(Recycle(why))
                limit = None

    # --- signals -------------------------------------------------------------------------------------------------

    def _handlers(self) -> dict[signal.Signals, Callable[[int, FrameType | None], None]]:
        # Ignoring by a handler, not by SIG_IGN, which programs that the application starts would inherit.
        found: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {signal.SIGTERM: self._on_stop}
        if self._link is None:
            found[signal.SIGINT] = self._on_stop
        else:
            found[signal.SIGINT] = _ignore
            found[RESTART] = self._on_restart
        if hasattr(signal, "SIGHUP"):
            found[signal.SIGHUP] = self._on_stop if self._link is None else _ignore
            found[signal.SIGUSR1] = self._on_reopen
            found[signal.SIGTTIN] = found[signal.SIGTTOU] = _ignore
        return found

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._stop()
        elif self._restart:
            self._restart = False
            if self._server is not None:
                self._soon(self._server.give_up_restart)
        else:
            self._hurry()

    def _on_restart(self, number: int, frame: FrameType | None) -> None:
        if not self._asked:
            self._restart = True
            self._stop()

    def _on_reopen(self, number: int, frame: FrameType | None) -> None:
        self._soon(self._reopen_logs)

    def _stop(self) -> None:
        # In the handler and not on the loop: a handler of the user may be blocking it.
        self._asked = True
        self._begin_exit()
        if self._loop is None:
            raise SystemExit(0)
        self._soon(self._stopping.set)
        if self._starting is not None and not self._starting.done():
            self._soon(self._starting.cancel)

    def _hurry(self) -> None:
        self._watchdog.end_within(_BEYOND_GRACE, 0, self._tell_late_end)
        self._deadline = time.monotonic() + _BEYOND_GRACE
        if self._server is not None:
            self._soon(self._server.hurry)

    def _orphaned(self) -> None:
        self._soon(self._stopping.set)
        self._begin_exit()

    def _soon(self, function: Callable[[], object]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nothing to do
                self._loop.call_soon_threadsafe(function)

    # --- the end -------------------------------------------------------------------------------------------------

    def _begin_exit(self) -> None:
        if self._deadline is None:
            seconds = self._config.grace + _BEYOND_GRACE
            self._deadline = time.monotonic() + seconds
            self._watchdog.end_within(seconds, 0, self._tell_late_end)

    def _leave(self, before: set[threading.Thread]) -> None:
        """Waits for threads that still run the user's code, as long as there is time: Python would wait for ever."""
        while self._deadline is not None and _busy(before):
            time.sleep(0.02)  # the watchdog ends the process when the time is over
        self._watchdog.lift()

    def _fail(self, reason: str) -> int:
        if self._link is not None:
            self._link.send(Failed(reason))
        else:
            logger.error("The application does not start.\n%s", reason)
        return 1

    def _tell_late_start(self) -> None:
        frame = sys._current_frames().get(threading.main_thread().ident or 0)
        where = "" if frame is None else f" It is at {place_of(frame)}."
        self._fail(f"It was not ready within {self._config.start_timeout:g} seconds.{where}")

    def _tell_late_end(self) -> None:
        frames = sys._current_frames()
        here = threading.get_ident()
        told = [place_of(frame) for ident, frame in frames.items() if ident != here]
        logger.warning("The grace time is over, the process ends. It was still at: %s", "; ".join(told))


def _described(error: BaseException) -> str:
    return str(error) if isinstance(error, StartTimeout | TargetError) else own_traceback(error)


def _busy(before: set[threading.Thread]) -> bool:
    """Whether a thread that came after ``before`` would hold up the end of the interpreter."""
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread in before or thread.daemon or thread is threading.current_thread():
            continue
        frame = frames.get(thread.ident or 0)
        # A thread of a pool that waits for work ends by itself.
        if frame is not None and frame.f_code.co_filename != concurrent.futures.thread.__file__:
            return True
    return False


def _raise_descriptor_limit() -> None:
    """Lets the process have as many connections as the system allows; the usual 1,024 are soon used up."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _ignore(_number: int, _frame: FrameType | None) -> None:
    return None

"""Keeps workers alive: starts, replaces, reloads and stops them. Never loads the application itself."""

import contextlib
import importlib.util
import logging
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from segue.server.child import Child, State, fork_child
from segue.server.config import ServerConfig
from segue.server.link import Alive, Failed, Link, Ready, Recycle
from segue.server.listen import Listener
from segue.server.pidfile import Progress
from segue.server.processhooks import ProcessHooks
from segue.server.watcher import Watcher
from segue.server.worker import RESTART, Worker

__all__ = ["Supervisor"]

logger = logging.getLogger("segue.server")

_BEYOND_GRACE = 1.0  # a worker ends itself a little earlier
_BEYOND_START = 1.5
_QUICK = 5.0  # seconds; a worker that ends sooner counts as a failed start
_FIRST_TRIES = 3
_TRIES = 10
_LONGEST_WAIT = 10.0


class Supervisor:
    """Holds the listening sockets and keeps ``config.workers`` workers on them.

    ``make_worker`` is called in each new process. Signals: SIGTERM and SIGINT drain and end (twice: at once), SIGHUP
    brings up new workers and then drains the old ones, SIGUSR1 opens log files anew, SIGTTIN and SIGTTOU add and
    take away a worker. ``on_ready`` is called once, when all workers serve for the first time, ``on_progress`` whenever a
    generation of them serves, and when a reload has failed.
    """

    def __init__(
        self,
        make_worker: Callable[[Link], Worker],
        listeners: Sequence[Listener],
        config: ServerConfig,
        *,
        on_ready: Callable[[], None],
        on_reload: Callable[[], None],
        on_progress: Callable[[Progress], None] = lambda _: None,
        hooks: ProcessHooks | None = None,
        reopen_logs: Callable[[], None],
    ) -> None:
        self._make_worker = make_worker
        self._listeners = listeners
        self._config = config
        self._on_ready = on_ready
        self._on_reload = on_reload
        self._on_progress = on_progress
        self._progress = Progress()
        self._serving = -1  # the generation whose workers serve
        self._reopen_logs = reopen_logs
        self._wanted = config.workers
        self._children: dict[int, Child] = {}
        self._generation = 0
        self._signals: deque[int] = deque()
        self._selector = selectors.DefaultSelector()
        self._alarm, self._alarm_end = socket.socketpair()
        self._watcher = None if config.reloading is None else Watcher(config.reloading, hooks)
        self._held = False  # in development: nothing starts until a file changes
        self._failures = 0
        self._next_start = 0.0
        self._served = False  # whether a worker was ever ready
        self._told = False
        self._stopping = False
        self._code = 0
        self.last_reason = ""

    def run(self) -> int:
        """Works until a signal says stop, and returns the exit code."""
        before = self._take_signals()
        self._terminal = os.isatty(0)
        try:
            if self._watcher is not None:
                self._selector.register(self._watcher.start(self._after_fork), selectors.EVENT_READ)
            while not (self._stopping and not self._children):
                self._step()
            return self._code
        finally:
            for child in self._children.values():
                child.send(signal.SIGKILL)
            if self._watcher is not None:
                self._watcher.stop()
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            self._alarm.close()
            self._alarm_end.close()

    def _step(self) -> None:
        self._reconcile(time.monotonic())
        if self._stopping and not self._children:
            return
        for key, _ in self._selector.select(self._patience()):
            if key.data is not None:
                self._listen_to(key.data)
            elif key.fileobj is self._alarm:
                with contextlib.suppress(BlockingIOError):
                    self._alarm.recv(4096)
            elif self._watcher is not None:
                self._files_changed(self._watcher.read())
                if self._watcher.ended:
                    self._selector.unregister(key.fileobj)
                    logger.error("Files are not watched any more. Start again to have reload back.")
        while self._signals:
            self._obey(self._signals.popleft())
        self._reap()

    def _patience(self) -> float:
        """How long nothing can become due: a second at most, which is how exact the longer times are."""
        now = time.monotonic()
        due = [child.deadline for child in self._children.values()]
        if len(self._fresh()) < self._wanted and not self._stopping and not self._held:
            due.append(self._next_start)
        return min(1.0, *(max(0.005, one - now) for one in due)) if due else 1.0

    # --- what should be ------------------------------------------------------------------------------------------

    def _fresh(self) -> list[Child]:
        return [one for one in self._children.values() if not one.outdated and one.state is not State.LEAVING]

    def _reconcile(self, now: float) -> None:
        """Starts, retires and kills until the workers are as they should be."""
        for child in self._children.values():
            self._check(child, now)
        if self._stopping:
            return
        fresh = self._fresh()
        ready = [one for one in fresh if one.state is State.READY]
        if ready and ready == fresh and all(now - one.ready_at > _QUICK for one in ready):
            self._failures = 0
        if len(ready) >= self._wanted:
            self._tell_ready()
            self._tell_serving()
            for child in [one for one in self._children.values() if one.outdated]:
                self._retire(child)
            for child in ready[self._wanted :]:
                self._retire(child)
        elif self._may_start(now):
            for _ in range(self._wanted - len(fresh)):
                self._start()

    def _may_start(self, now: float) -> bool:
        if self._held or now < self._next_start:
            return False
        # In development the old code has to be gone: it may hold a file or a port that the new one wants.
        return self._watcher is None or not any(one.state is State.LEAVING for one in self._children.values())

    def _check(self, child: Child, now: float) -> None:
        """Kills a worker that is too late with what it was told, or with a sign of life."""
        limit = self._config.worker_timeout
        if now > child.deadline:
            what = "did not become ready" if child.state is State.STARTING else "did not end"
            logger.error("Worker %d %s in time and is killed.", child.pid, what)
        elif child.state is State.READY and limit is not None and now - child.heard > limit:
            logger.error("Worker %d gave no sign of life for %g s and is killed.", child.pid, limit)
        else:
            return
        child.deadline = now + 5
        child.send(signal.SIGKILL)

    def _retire(self, child: Child) -> None:
        if child.state is not State.LEAVING:
            child.leave(RESTART, self._config.grace + _BEYOND_GRACE)

    def _start(self) -> None:
        child = fork_child(self._work, self._generation, self._after_fork)
        child.deadline = child.began + self._config.start_timeout + _BEYOND_START
        self._children[child.pid] = child
        self._selector.register(child.fd, selectors.EVENT_READ, child)

    def _work(self, link: Link) -> int:
        return self._make_worker(link).run()

    def _after_fork(self) -> None:
        """In a new process: lets go of what is the supervisor's."""
        signal.set_wakeup_fd(-1)
        for number in self._handled():
            signal.signal(number, signal.SIG_DFL)
        self._selector.close()
        self._alarm.close()
        self._alarm_end.close()
        for child in self._children.values():
            child.close()

    # --- what happens --------------------------------------------------------------------------------------------

    def _listen_to(self, child: Child) -> None:
        signs = child.read()
        if child.silent and child.fd in self._selector.get_map():
            self._selector.unregister(child.fd)
        for sign in signs:
            child.heard = time.monotonic()
            match sign:
                case Ready() if child.state is State.STARTING:
                    child.state = State.READY
                    child.ready_at = child.heard
                    child.deadline = float("inf")
                    self._served = True
                    logger.debug("Worker %d is ready.", child.pid)
                case Failed(reason):
                    child.reason = reason
                case Recycle(reason) if child.state is State.READY and not child.outdated:
                    logger.info("Worker %d is replaced after %s.", child.pid, reason)
                    child.outdated = True
                case Alive() | Ready() | Recycle():
                    pass

    def _reap(self) -> None:
        for child in list(self._children.values()):
            how = child.ended()
            if how is None:
                continue
            self._listen_to(child)
            if child.fd in self._selector.get_map():
                self._selector.unregister(child.fd)
            child.close()
            del self._children[child.pid]
            if self._stopping or child.state is State.LEAVING:
                continue
            self._lost(child, child.reason or f"Worker {child.pid}: {how}.")

    def _lost(self, child: Child, reason: str) -> None:
        """A worker is gone that should be there."""
        self.last_reason = reason
        now = time.monotonic()
        if self._watcher is not None:
            logger.error("%s\nWaiting for a file to change.", reason)
            self._held = True
            return
        if child.state is State.STARTING and any(
            one.outdated and one.state is State.READY for one in self._children.values()
        ):
            self._abandon_reload(reason)
            return
        quick = child.state is State.STARTING or now - child.ready_at < _QUICK
        self._failures = self._failures + 1 if quick else 0
        if child.reason and not self._served:
            self._give_up(f"The application does not start.\n{reason}")
        elif not self._served and self._failures >= _FIRST_TRIES:
            self._give_up(f"The workers end before they are ready, {self._failures} times now. {reason}")
        elif self._failures >= _TRIES and not any(
            one.state is State.READY for one in self._children.values()
        ):
            self._give_up(f"The workers do not stay up, {self._failures} failures in a row. {reason}")
        else:
            wait = min(_LONGEST_WAIT, 0.125 * 2**self._failures) if self._failures > 1 else 0.0
            self._next_start = now + wait
            logger.error("%s A new worker starts%s.", reason, f" in {wait:g} s" if wait else "")

    def _abandon_reload(self, reason: str) -> None:
        """The old workers serve on, which is better than none."""
        logger.error("The new workers do not start; the old ones go on.\n%s", reason)
        for child in self._children.values():
            if child.outdated:
                child.outdated = False
            elif child.generation == self._generation and child.state is not State.LEAVING:
                child.leave(RESTART, self._config.grace + _BEYOND_GRACE)
        self._generation -= 1
        self._tell_failed(reason)

    def _give_up(self, reason: str) -> None:
        logger.error("%s", reason)
        self._code = 1
        self._stop()

    def _tell_serving(self) -> None:
        if self._serving != self._generation:
            self._serving = self._generation
            self._progress.served += 1
            self._on_progress(self._progress)

    def _tell_failed(self, reason: str) -> None:
        self._progress.failed += 1
        self._progress.reason = reason
        self._on_progress(self._progress)

    def _tell_ready(self) -> None:
        if not self._told:
            self._told = True
            self._on_ready()

    def _files_changed(self, names: list[str]) -> None:
        if not names or self._stopping:
            return
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        logger.info("%s%s changed: reloading.", names[0], more)
        for name in names:
            # Bytecode counts as fresh when time, in seconds, and size are those of the source: two quick edits are not.
            with contextlib.suppress(OSError, ValueError, NotImplementedError):
                os.unlink(importlib.util.cache_from_source(name))  # noqa: PTH108 -- a str, from a str
        self._held = False
        self._failures = 0
        for child in self._children.values():
            if child.state is not State.LEAVING:
                child.leave(signal.SIGTERM, self._config.grace + _BEYOND_GRACE)

    # --- signals -------------------------------------------------------------------------------------------------

    def _handled(self) -> list[signal.Signals]:
        return [
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGUSR1,
            signal.SIGUSR2,
            signal.SIGTTIN,
            signal.SIGTTOU,
            signal.SIGCHLD,
        ]

    def _take_signals(self) -> dict[signal.Signals, Any]:
        self._alarm.setblocking(False)
        self._alarm_end.setblocking(False)
        self._selector.register(self._alarm, selectors.EVENT_READ)
        signal.set_wakeup_fd(self._alarm_end.fileno(), warn_on_full_buffer=False)
        return {number: signal.signal(number, self._on_signal) for number in self._handled()}

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def _obey(self, number: int) -> None:
        match number:
            case signal.SIGTERM | signal.SIGINT:
                self._stop()
            case signal.SIGHUP if self._terminal and not _has_terminal():
                self._stop()
            case signal.SIGHUP if not self._stopping:
                self._reload()
            case signal.SIGUSR1:
                self._reopen_logs()
                for child in self._children.values():
                    child.send(signal.SIGUSR1)
            case signal.SIGTTIN:
                self._wanted += 1
                logger.info("%d workers are wanted now.", self._wanted)
            case signal.SIGTTOU:
                self._wanted = max(1, self._wanted - 1)
                logger.info("%d workers are wanted now.", self._wanted)
            case _:  # SIGCHLD: the next step looks who ended
                pass

    def _reload(self) -> None:
        try:
            self._on_reload()
        except Exception as error:  # noqa: BLE001 -- a certificate that is broken now must not end what runs
            logger.error("The reload failed; the old workers go on. %s", error)
            self._tell_failed(str(error))
            return
        logger.info("Reloading: new workers start, then the old ones drain.")
        self._generation += 1
        self._failures = 0
        self._next_start = 0.0
        for child in self._children.values():
            child.outdated = True

    def _stop(self) -> None:
        """Drains; the second time, cuts."""
        if not self._stopping:
            self._stopping = True
            for listener in self._listeners:
                listener.close()
                listener.remove()
        for child in self._children.values():
            child.leave(signal.SIGTERM, self._config.grace + _BEYOND_GRACE)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True

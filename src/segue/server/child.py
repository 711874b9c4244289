"""A worker process, as its supervisor sees it."""

import atexit
import contextlib
import enum
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from segue.server.link import Link, Sign, read_signs

__all__ = ["Child", "State", "end_process", "fork_child"]

logger = logging.getLogger("segue.server")


class State(enum.Enum):
    """What a worker is at."""

    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"


class Child:
    """One worker. ``outdated``: it leaves as soon as its successor is ready."""

    def __init__(self, pid: int, fd: int, generation: int) -> None:
        self.pid = pid
        self.fd = fd
        self.generation = generation
        self.state = State.STARTING
        self.outdated = False
        self.reason = ""
        self.began = time.monotonic()
        self.heard = self.began
        self.ready_at = 0.0
        self.deadline = float("inf")
        #: Whether it has closed its end of the pipe.
        self.silent = False
        self._rest = b""

    def read(self) -> list[Sign]:
        """What it has told since the last call. Raises nothing: its death is seen by :meth:`ended`."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return []
        self.silent = not data
        signs, self._rest = read_signs(self._rest + data)
        return signs

    def send(self, number: int) -> None:
        """Sends it a signal, if it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def leave(self, number: int, seconds: float) -> None:
        """Asks it by a signal to end within ``seconds``."""
        self.state = State.LEAVING
        self.deadline = time.monotonic() + seconds
        self.send(number)

    def ended(self) -> str | None:
        """How it ended, or None while it runs: ``exit code 3``, ``killed by SIGKILL``."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return "not a child any more"
        if pid == 0:
            return None
        code = os.waitstatus_to_exitcode(status)
        return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"

    def close(self) -> None:
        """Lets go of the pipe."""
        os.close(self.fd)


def fork_child(work: Callable[[Link], int], generation: int, before_work: Callable[[], None]) -> Child:
    """Forks a process that does ``work`` and exits with its code.

    ``before_work`` is called first in the new process, with all signals held back until ``work`` has set its
    handlers.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal between the fork and the child's own handlers would run the supervisor's handler in the child.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    parent = os.getpid()
    pid = os.fork()
    if pid:
        os.close(writing)
        os.set_blocking(reading, False)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        return Child(pid, reading, generation)
    return _become(work, reading, Link(writing, parent, signal.valid_signals() - held), before_work)


def _become(
    work: Callable[[Link], int], reading: int, link: Link, before_work: Callable[[], None]
) -> NoReturn:
    code = 1
    try:
        os.close(reading)
        # What the supervisor's program wants done at its own end is not this process's business.
        atexit._clear()
        before_work()
        code = work(link)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        logger.exception("a worker failed")
    end_process(code)


def end_process(code: int) -> NoReturn:
    """Ends a worker's process, whatever threads of the app's still run in it."""
    try:
        atexit._run_exitfuncs()
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)

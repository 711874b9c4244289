"""Watches files for development reload: by the system's events (watchfiles) where installed, else by looking."""

import contextlib
import fnmatch
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import msgspec

from segue.server.config import Reloading
from segue.server.processhooks import ProcessHooks

__all__ = ["Watcher"]

logger = logging.getLogger("segue.server")

_LOOK_EACH = 0.25
_QUIET_MS = 200
_PATIENCE = 2.0  # seconds for the process to end
_GATHER_MS = 50  # an editor that saves several files makes one change
# Folders of tools, in which no source of the application is.
_SKIPPED = frozenset(
    {
        ".git",
        ".hg",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
    }
)

# Of each file, its time in nanoseconds and its size.
State = dict[str, tuple[int, int]]


class Watcher:
    """A process that tells which files changed, so that its threads are not in the one that forks workers."""

    def __init__(self, reloading: Reloading, hooks: ProcessHooks | None = None) -> None:
        self._hooks = hooks or ProcessHooks(None)
        self._reloading = reloading
        self._folders = [Path(folder).resolve() for folder in reloading.folders]
        self._files = {str(Path(file).resolve()) for file in reloading.files}
        self._fd = -1
        self._pid = 0
        self._rest = b""
        #: Whether the process has ended, which it should not.
        self.ended = False

    def start(self, after_fork: Callable[[], None] = lambda: None) -> int:
        """Begins to watch, and returns the descriptor that becomes readable when something has changed."""
        # What changes from now on counts, though the events may take a moment to be set up.
        before = self._state()
        self._fd, writing = os.pipe()
        os.set_blocking(self._fd, False)
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid:
            os.close(writing)
            return self._fd
        try:
            after_fork()
            os.close(self._fd)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, _leave)
            self._hooks.call("reload_process_start")
            for names in self._changes(before):
                if os.getppid() != parent:
                    break
                if names:
                    os.write(writing, msgspec.json.encode(names) + b"\n")
        except Exception:
            logger.exception("Watching files failed.")
        except SystemExit:
            pass
        finally:
            try:
                self._hooks.call("reload_process_stop")
            except Exception:
                logger.exception("reload_process_stop failed.")
            os._exit(0)

    def read(self) -> list[str]:
        """The files that changed since the last call, relative to the working folder."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return []
        self.ended = not data
        *lines, self._rest = (self._rest + data).split(b"\n")
        names = {name for line in lines for name in msgspec.json.decode(line, type=list[str])}
        return sorted(os.path.relpath(name) for name in names)

    def stop(self) -> None:
        """Ends the watching process."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGTERM)
            end = time.monotonic() + _PATIENCE
            while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > end:
                    os.kill(self._pid, signal.SIGKILL)
                    os.waitpid(self._pid, 0)
                    break
                time.sleep(0.005)
        os.close(self._fd)

    def wants(self, path: str) -> bool:
        """Whether a change of ``path`` is a reason to reload."""
        if path in self._files:
            return True
        name = os.path.basename(path)  # noqa: PTH119 -- for each file of a tree, four times a second
        return _matches(path, name, self._reloading.include) and not _matches(
            path, name, self._reloading.exclude
        )

    def _skips(self, path: str) -> bool:
        """Whether ``path`` is in a tool's folder below those that are watched; above them any name may stand."""
        if path in self._files:
            return False
        below = [Path(path).relative_to(one).parts for one in self._folders if Path(path).is_relative_to(one)]
        return all(not _SKIPPED.isdisjoint(parts) for parts in below)

    def _changes(self, before: State) -> Iterator[list[str]]:
        """What changed, again and again; empty when nothing did."""
        try:
            if os.environ.get("SEGUE_RELOAD_POLL"):
                raise ImportError("SEGUE_RELOAD_POLL asks for looking")
            from watchfiles import watch
        except ImportError:
            yield from self._look(before)
            return
        caught_up = False
        roots = [*self._folders, *(Path(file).parent for file in self._files)]
        try:
            for changes in watch(
                *roots,
                watch_filter=lambda _, path: self.wants(path) and not self._skips(path),
                debounce=_GATHER_MS,
                step=_GATHER_MS // 2,
                rust_timeout=_QUIET_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                if not caught_up:
                    caught_up = True
                    yield _differences(before, self._state())
                yield [path for _, path in changes]
        except OSError as error:  # the system has no more watches, or the folder is gone
            logger.warning("Watching by events failed (%s): looking instead.", error)
            yield from self._look(before)

    def _look(self, before: State) -> Iterator[list[str]]:
        while True:
            time.sleep(_LOOK_EACH)
            now = self._state()
            yield _differences(before, now)
            before = now

    def _state(self) -> State:
        found: State = {}
        for folder in self._folders:
            for root, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if name not in _SKIPPED]
                for name in names:
                    path = os.path.join(root, name)  # noqa: PTH118 -- as above
                    if self.wants(path):
                        self._note(path, found)
        for file in self._files:
            self._note(file, found)
        return found

    def _note(self, path: str, found: State) -> None:
        with contextlib.suppress(OSError):
            seen = os.stat(path)  # noqa: PTH116 -- as above
            found[path] = seen.st_mtime_ns, seen.st_size


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def _differences(before: State, now: State) -> list[str]:
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def _matches(path: str, name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatch(name, one) or fnmatch.fnmatch(path, one) for one in patterns)

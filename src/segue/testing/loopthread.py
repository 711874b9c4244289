"""An event loop in a thread of its own, for those who are not coroutines."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """Starts with the first :meth:`run`. It ends with :meth:`close`, or when nobody has it any more."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._close: weakref.finalize[[asyncio.AbstractEventLoop, threading.Thread], LoopThread] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs ``work`` on the loop, waits for it, and gives its result or raises its exception."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result()
        except BaseException:
            # A KeyboardInterrupt of the one who waits must not leave the work behind.
            future.cancel()
            raise

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, which runs from now on."""
        if self._loop is None:
            ready = threading.Event()
            loop = self._loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_live, args=(loop, ready), name=self._name, daemon=True)
            thread.start()
            ready.wait()
            self._close = weakref.finalize(self, _end, loop, thread)
        return self._loop

    def close(self) -> None:
        """Cancels what still runs, and ends the thread. The next :meth:`run` starts another one."""
        if self._close is not None:
            self._close()
        self._loop = self._close = None


def _live(loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
    asyncio.set_event_loop(loop)
    loop.call_soon(ready.set)
    try:
        loop.run_forever()
    finally:
        try:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    if thread is not threading.current_thread():
        thread.join()

"""The event loop that serves an application to the threads of a WSGI server: one in each process."""

import asyncio
import atexit
import logging
import os
import threading

from segue.server.application import Application

__all__ = ["ProcessLoop"]

logger = logging.getLogger("segue.server")

_SHUTDOWN_TIME = 30.0  # seconds


class ProcessLoop:
    """Starts the application and its loop when they are first needed, after the server has forked its workers."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        os.register_at_fork(after_in_child=self._forget)

    def started(self) -> asyncio.AbstractEventLoop:
        """The loop with the running application. Raises what the application raises when it starts."""
        loop = self._loop
        return loop if loop is not None else self._start()

    def _forget(self) -> None:
        # The thread of the parent is not here, and its lock may be held for ever.
        self._lock = threading.Lock()
        self._loop = None

    def _start(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is not None:
                return self._loop
            loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_live, args=(loop,), name="segue-wsgi", daemon=True)
            thread.start()
            try:
                asyncio.run_coroutine_threadsafe(self._application.startup(), loop).result()
            except BaseException:
                _end(loop, thread)
                raise
            self._loop = loop
            atexit.register(self._shut_down, loop, thread)
            return loop

    def _shut_down(self, loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
        if self._loop is not loop:
            return  # registered by the parent, before this process was forked
        self._loop = None
        try:
            asyncio.run_coroutine_threadsafe(self._application.shutdown(), loop).result(_SHUTDOWN_TIME)
        except Exception:
            logger.exception("the application did not shut down in order")
        _end(loop, thread)


def _live(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=1))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _end(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    loop.call_soon_threadsafe(loop.stop)
    thread.join()

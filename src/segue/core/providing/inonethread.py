"""A ``def`` handler with ``def`` providers: all of it runs in one thread, from the first provider to the last clean-up."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from segue.core.providing.exits import end_all
from segue.http.response import Response

__all__ = ["InOneThread"]


class InOneThread:
    """What one request does in its thread. ``run`` runs functions there.

    A connection that may only be used by the thread that opened it (``sqlite3``) is closed there too. Only what is read
    after the handler has returned, such as a stream, may come back to another thread.
    """

    __slots__ = ("_busy", "_done", "_run", "entered", "response")

    def __init__(self, run: Callable[..., Awaitable[Any]]) -> None:
        self._run = run
        self._busy = threading.Lock()
        self._done = True
        #: The generators that have yielded, in order.
        self.entered: list[Generator[Any, Any, Any]] = []
        #: Made in the thread, where the result of the handler was enough for it.
        self.response: Response | None = None

    async def do(self, work: Callable[[], Any]) -> Any:
        """What ``work`` returns. When it fails, all is cleaned up."""
        self._done = False
        return await self._run(self._do, work)

    def _do(self, work: Callable[[], Any]) -> Any:
        with self._busy:
            try:
                return work()
            except BaseException as error:  # noqa: BLE001 -- raised again, by the last clean-up at the latest
                end_all(self.entered, error)
            finally:
                self._done = True

    def answer(self, response: Response) -> None:
        """Called in the thread: ``response`` is complete, unless it is a stream."""
        if isinstance(response.body, bytes):
            end_all(self.entered)
        self.response = response

    async def leave(self, error: BaseException | None) -> None:
        """Cleans up what is left; waits for a thread that still runs, when who waited for it was cancelled."""
        if self.entered or not self._done:
            # It goes on, though who waits for it be cancelled once more.
            await asyncio.shield(asyncio.ensure_future(self._run(self._leave, error)))

    def _leave(self, error: BaseException | None) -> None:
        with self._busy:
            end_all(self.entered, error)

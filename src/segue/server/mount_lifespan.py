"""The lifespan of a mounted ASGI application (https://asgi.readthedocs.io/en/latest/specs/lifespan.html)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["MountedLifespan"]

logger = logging.getLogger("segue.server")

_Message = MutableMapping[str, Any]


class MountedLifespan:
    """Runs the application's lifespan scope in a task of its own, from startup to shutdown."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[_Message] = asyncio.Queue()
        self._answer: asyncio.Future[_Message] | None = None
        #: What the application keeps for its requests (the ``state`` of the scope); None when it has no lifespan.
        self.state: dict[str, Any] | None = None

    async def start(self) -> None:
        """Raises RuntimeError with the application's words when it says that its start failed."""
        state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        self._inbox = asyncio.Queue()
        self._task = asyncio.get_running_loop().create_task(
            self._run(scope), name="lifespan of a mounted application"
        )
        answer = await self._ask("lifespan.startup")
        if answer is None:
            # An application that knows no lifespan refuses the scope, mostly by an exception.
            self._task = None
        elif answer["type"] == "lifespan.startup.failed":
            task, self._task = self._task, None
            await asyncio.wait([task])
            raise RuntimeError(
                f"the mounted application did not start: {answer.get('message') or 'it does not say why'}"
            )
        else:
            self.state = state

    async def stop(self) -> None:
        """Raises RuntimeError when the application says that its shutdown failed."""
        task, self.state = self._task, None
        if task is None:
            return
        answer = await self._ask("lifespan.shutdown")
        self._task = None
        await asyncio.wait([task])
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            raise RuntimeError(
                f"the mounted application did not shut down in order: {answer.get('message') or ''}"
            )

    async def _ask(self, event: str) -> _Message | None:
        """The application's answer to an event; None when it ends instead of answering."""
        task = self._task
        if task is None:
            return None
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._inbox.put_nowait({"type": event})
        try:
            await asyncio.wait([task, answer], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        return answer.result() if answer.done() else None

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._inbox.get, self._send)
        except Exception as error:
            if self.state is None:
                logger.debug("the mounted application takes no lifespan: %r", error)
            else:
                logger.exception("the lifespan of the mounted application failed")

    async def _send(self, message: _Message) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

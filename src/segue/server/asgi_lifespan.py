"""Starts and ends an application as its ASGI server says; or with its first request, where the server never says."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

from segue.server.application import Application

__all__ = ["ensure_started", "serve_lifespan"]

logger = logging.getLogger("segue.server")

# The applications that run in this process, or are about to: the future is done when they do.
_running: WeakKeyDictionary[Application, asyncio.Future[None]] = WeakKeyDictionary()


async def ensure_started(application: Application) -> None:
    """Starts an application that no server has started: a framework that mounts ASGI apps may not run lifespans."""
    running = _running.get(application)
    if running is None:
        await _start(application)
    elif not running.done():
        await asyncio.shield(running)


async def _start(application: Application) -> None:
    running = _running[application] = asyncio.get_running_loop().create_future()
    try:
        await application.startup()
    except BaseException as error:
        del _running[application]
        running.set_exception(RuntimeError("the application did not start"))
        running.exception()  # whoever waits for it gets it; if nobody does, nothing is to be told
        raise error from None
    running.set_result(None)


async def serve_lifespan(
    application: Application,
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """The lifespan protocol, https://asgi.readthedocs.io/en/latest/specs/lifespan.html."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await _start(application)
            except Exception as error:
                logger.exception("the application did not start")
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            _running.pop(application, None)
            try:
                await application.shutdown()
            except Exception as error:
                logger.exception("the application did not shut down in order")
                await send(
                    {"type": "lifespan.shutdown.failed", "message": f"{type(error).__name__}: {error}"}
                )
                return
            await send({"type": "lifespan.shutdown.complete"})
            return

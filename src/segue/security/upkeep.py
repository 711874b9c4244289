"""What is open while an app runs, and swept from time to time: stores of sessions, and counts."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Protocol

__all__ = ["Swept", "kept_open"]

logger = logging.getLogger("segue.security")

_PERIOD = 600.0


class Swept(Protocol):
    """Something that is opened, closed and swept."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def sweep(self) -> int: ...


@contextlib.asynccontextmanager
async def kept_open(store: Swept) -> AsyncGenerator[None]:
    """``store`` is open while the block runs, and swept each ten minutes."""
    await store.open()
    sweeping = asyncio.get_running_loop().create_task(_sweep(store), name=f"sweep {type(store).__name__}")
    try:
        yield
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
        await store.close()


async def _sweep(store: Swept) -> None:
    while True:
        await asyncio.sleep(_PERIOD)
        try:
            await store.sweep()
        except Exception:
            # What is over is not used in any case; the next time will do.
            logger.exception("what has ended could not be swept out of %s", type(store).__name__)

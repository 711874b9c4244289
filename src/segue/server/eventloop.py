"""The event loop of a worker: uvloop's where it is installed, asyncio's elsewhere."""

import asyncio
import importlib.util
import os

__all__ = ["close_event_loop", "new_event_loop"]

_LAST_WORDS = 0.2  # seconds that cancelled tasks have to end


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop where it is installed, of asyncio elsewhere."""
    if importlib.util.find_spec("uvloop") is None or os.environ.get("SEGUE_PURE"):
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def close_event_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels what still runs and closes the loop. Threads of its executor are not waited for."""
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=_LAST_WORDS))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()

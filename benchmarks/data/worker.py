"""One peer in a process of its own: reads `work times` from standard input, answers with the seconds of processor that it took.

python -m data.worker PEER DATABASE URL
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import sys
import time
from typing import Any


async def serve(peer: Any) -> None:
    """Does what it is told until standard input ends."""
    loop = asyncio.get_running_loop()
    opened = peer.open()
    if inspect.isawaitable(opened):
        await opened
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        name, times = line.split()
        work = getattr(peer, name, None)
        if work is None:
            print(json.dumps(None), flush=True)
            continue
        try:
            answer = await measured(work, int(times))
        except Exception as error:  # noqa: BLE001 -- it is told, and the others go on
            print(json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}), flush=True)
        else:
            print(json.dumps(answer), flush=True)


async def measured(work: Any, times: int) -> dict[str, Any]:
    """Seconds of processor for each time, and what the last time gave, to be compared."""
    gc.collect()
    result: Any = None
    is_async = inspect.iscoroutinefunction(work)
    started = time.process_time()
    if is_async:
        for number in range(times):
            result = await work(number)
    else:
        for number in range(times):
            result = work(number)
    spent = time.process_time() - started
    return {"cpu": spent / times, "shown": shown(result)}


def shown(result: Any) -> Any:
    """What tells whether peers did the same."""
    if isinstance(result, bytes):
        return json.loads(result)
    return result


def main() -> None:
    name, database, url = sys.argv[1:4]
    module = importlib.import_module(f"data.peers.{name}")
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(module.Peer(database, url)))
    else:
        uvloop.run(serve(module.Peer(database, url)))


if __name__ == "__main__":
    main()

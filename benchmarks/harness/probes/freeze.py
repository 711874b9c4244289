"""Seconds that ``freeze()`` takes for an app of 1,000 routes with two typed parameters each."""

from __future__ import annotations

import time
from typing import Any

from segue import App

ROUTES = 1_000


def handler_for(number: int) -> Any:
    async def handler(item: int, page: int = 1) -> dict[str, int]:
        return {"number": number, "item": item, "page": page}

    return handler


def main() -> None:
    app = App()
    for number in range(ROUTES):
        app.get(f"/resource{number}/{{item}}/detail")(handler_for(number))
    started = time.perf_counter()
    app.freeze()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()

"""Measures the pages with a database, each framework on the server that serves it best, one worker.

python -m data.measure_pages --seconds 3 --repeat 3
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import secrets
import statistics
import sys
from pathlib import Path
from typing import Any

from harness.load import BENCHMARKS, Wrk
from harness.roster import OLDER_UVLOOP
from harness.server import Server

from data.report import write_page
from data.run import RESULTS, SERVER, _run

BIN = Path(sys.executable).parent
PAGES = {
    "db": "/db",
    "queries": "/queries?n=20",
    "fortunes": "/fortunes",
    "updates": "/updates?n=20",
    "cached": "/cached?n=20",
}


def _segue(app: str) -> tuple[str, ...]:
    serve = (sys.executable, "-m", "segue", "serve", f"data.pages.{app}:app", "--host", "127.0.0.1")
    return (*serve, "--port", "{port}", "--workers", "1")


COMMANDS: dict[str, tuple[str, ...]] = {
    "raw": _segue("raw_app"),
    "segue": _segue("segue_app"),
    "django@gunicorn": (
        str(BIN / "gunicorn"),
        "data.pages.django_app:app",
        "--bind",
        "127.0.0.1:{port}",
        "--workers",
        "1",
        "--worker-class",
        "gthread",
        "--threads",
        "4",
        "--keep-alive",
        "120",
    ),
    "django@granian": (
        str(BIN / "granian"),
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--workers",
        "1",
        "--log-level",
        "warning",
        "data.pages.django_app:app",
    ),
    "fastapi": (
        str(BIN / "uvicorn"),
        "data.pages.fastapi_app:app",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--log-level",
        "warning",
    ),
}


def main() -> None:
    made = argparse.ArgumentParser(description="Pages with a database.")
    made.add_argument("--only", metavar="NAME,...", help=f"{', '.join(COMMANDS)}")
    made.add_argument("--page", metavar="NAME,...", help=f"{', '.join(PAGES)}")
    made.add_argument("--seconds", type=int, default=3)
    made.add_argument("--repeat", type=int, default=3)
    options = made.parse_args()
    names = options.only.split(",") if options.only else list(COMMANDS)
    pages = options.page.split(",") if options.page else list(PAGES)
    database = f"segue_bench_{secrets.token_hex(4)}"
    url = f"{SERVER.rpartition('/')[0]}/{database}"
    asyncio.run(_run(f'CREATE DATABASE "{database}"'))
    try:
        asyncio.run(_fill(url))
        found = measure(names, pages, {"BENCH_DATABASE": url}, options.seconds, options.repeat)
    finally:
        asyncio.run(_run(f'DROP DATABASE "{database}" WITH (FORCE)'))
    for page, by_name in found.items():
        print(page, {name: round(rate) for name, rate in by_name.items()})
    if not options.only and not options.page:
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        results["pages"] = found
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        write_page(results)


def measure(
    names: list[str], pages: list[str], env: dict[str, str], seconds: int, repeat: int
) -> dict[str, dict[str, float]]:
    """Requests for each second of the server's processor time: medians of interleaved repetitions."""
    taken: dict[str, dict[str, list[float]]] = {page: {} for page in pages}
    for _ in range(repeat):
        for page in pages:
            for name in names:
                older = OLDER_UVLOOP if name not in ("raw", "segue") else {}
                path = {"PYTHONPATH": os.pathsep.join((str(BENCHMARKS), *older.values(), *_present()))}
                with Server(COMMANDS[name], cwd=BENCHMARKS, env={**older, **path, **env}) as server:
                    status, body, _ = server.request("GET", PAGES[page])
                    if status != 200 or not _right(page, body):
                        raise SystemExit(f"{name} {page}: {status} {body[:300]!r} {server.last_words()}")
                    load = Wrk(PAGES[page], connections=32)
                    load.run(server, 1)
                    before = server.cpu_seconds()
                    seen = load.run(server, seconds)
                    rate = seen.requests / (server.cpu_seconds() - before)
                    if seen.failed:
                        raise SystemExit(f"{name} {page}: {seen.failed} of {seen.requests} failed")
                taken[page].setdefault(name, []).append(rate)
                print(f"{page:9} {name:16} {rate:10,.0f} per CPU-second", flush=True)
    return {page: {name: statistics.median(all_) for name, all_ in by.items()} for page, by in taken.items()}


def _present() -> list[str]:
    """Where modules are looked for already."""
    found = os.environ.get("PYTHONPATH")
    return [found] if found else []


def _right(page: str, body: bytes) -> bool:
    if page == "fortunes":
        return body.count(b"<tr>") == 14 and b"&lt;script&gt;" in body and b"<script>" not in body
    found: Any = json.loads(body)
    return set(found if page == "db" else found[0]) == {"id", "randomnumber"} and (
        page == "db" or len(found) == 20
    )


async def _fill(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE world (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, randomnumber INTEGER NOT NULL);"
        "CREATE TABLE fortune (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, message VARCHAR(2048) NOT NULL);"
    )
    rows = [(number, random.randint(1, 10_000)) for number in range(1, 10_001)]
    await connection.executemany("INSERT INTO world VALUES ($1, $2)", rows)
    told = [
        f"Fortune number {number} is a text of a usual length for such a thing." for number in range(1, 11)
    ]
    told += [
        "<script>alert('This should not be displayed in a browser alert box.');</script>",
        "フレームワークのベンチマーク",
    ]
    await connection.executemany("INSERT INTO fortune VALUES ($1, $2)", list(enumerate(told, 1)))
    await connection.close()


if __name__ == "__main__":
    main()

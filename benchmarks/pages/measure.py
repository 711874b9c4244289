"""Measures the pages, each framework on the servers that serve it best, one worker.

python -m pages.measure --seconds 3 --repeat 3
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.measure_pages import _present
from data.run import SERVER, _run
from harness.load import BENCHMARKS, Wrk
from harness.roster import OLDER_UVLOOP
from harness.server import Server

from pages import FORTUNE
from pages.report import write_page

BIN = Path(sys.executable).parent
RESULTS = Path(__file__).parent / "results.json"
FILMS = 1_000
RIGHT = (
    b"title=Nuages&year=1940&released=1940-12-13&rating=7.5&kind=long&country=fr&contact=django%40example.org"
    b"&colour=on&minutes=97&story=Once"
)
WRONG = b"title=&year=1&released=x&rating=11&kind=no&country=fr&contact=nobody&minutes=0"


@dataclass(frozen=True)
class Work:
    """A page: its path for each framework, what makes sure that it is the page, and how it is asked for."""

    paths: dict[str, str]
    right: Callable[[Server, str], str]
    script: str | None = None
    connections: int = 32


def _fortunes(server: Server, path: str) -> str:
    status, body, _ = server.request("GET", path)
    if status != 200 or body.count(b"<tr>") != 14 or FORTUNE.encode() not in body:
        return f"{status} {body[:300]!r}"
    return (
        "" if b"&lt;script&gt;" in body and b"<script>" not in body and b"<footer>" in body else "no layout"
    )


def _form(server: Server, path: str) -> str:
    status, body, _ = server.request("GET", path)
    names = [
        b"title",
        b"year",
        b"released",
        b"rating",
        b"kind",
        b"country",
        b"contact",
        b"colour",
        b"minutes",
        b"story",
    ]
    missing = [name for name in names if b'name="' + name + b'"' not in body]
    return f"{status}, without {missing}" if status != 200 or missing else ""


def _posted(server: Server, path: str) -> str:
    kind = "application/x-www-form-urlencoded"
    status, body, _ = server.request("POST", path, RIGHT, kind)
    if (status, body) != (200, b"saved Nuages"):
        return f"{status} {body[:300]!r}"
    status, body, _ = server.request("POST", path, WRONG, kind)
    return (
        "" if status == 422 and b'value="nobody"' in body else f"{status} for what is wrong: {body[:300]!r}"
    )


def _grid(server: Server, path: str) -> str:
    status, body, _ = server.request("GET", path)
    found = body.count(b"Director ")
    if status != 200 or found != 50 or b"Film 00001" not in body:
        return f"{status}, {found} rows: {body[:300]!r}"
    return ""


EVERY = ("segue", "django")
WORKS = {
    "fortunes": Work(dict.fromkeys(EVERY, "/fortunes"), _fortunes),
    "form": Work(dict.fromkeys((*EVERY, "flask"), "/form"), _form),
    "form posted": Work(dict.fromkeys((*EVERY, "flask"), "/form"), _posted, "entry.lua"),
    "grid": Work(
        {"segue": "/grid/", "django-tables2": "/grid/", "django admin": "/admin/film/"}, _grid, connections=8
    ),
}


def _wsgi(module: str) -> tuple[tuple[str, ...], ...]:
    """The servers that a WSGI application is tried on: what counts is the better one."""
    gunicorn = (
        str(BIN / "gunicorn"),
        module,
        "--bind",
        "127.0.0.1:{port}",
        "--workers",
        "1",
        "--worker-class",
        "gthread",
    )
    granian = (
        str(BIN / "granian"),
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--workers",
        "1",
    )
    return (
        (*gunicorn, "--threads", "4", "--keep-alive", "120"),
        (*granian, "--log-level", "warning", module),
    )


SEGUE = (
    sys.executable,
    "-m",
    "segue",
    "serve",
    "pages.segue_app:app",
    "--host",
    "127.0.0.1",
    "--port",
    "{port}",
    "--workers",
    "1",
)


def _commands(name: str) -> tuple[tuple[str, ...], ...]:
    if name == "segue":
        return (SEGUE,)
    return _wsgi("pages.flask_app:app" if name == "flask" else "pages.django_app:app")


def main() -> None:
    made = argparse.ArgumentParser(description="Pages for people.")
    made.add_argument("--work", metavar="NAME,...", help=", ".join(WORKS))
    made.add_argument("--seconds", type=int, default=3)
    made.add_argument("--repeat", type=int, default=3)
    options = made.parse_args()
    works = options.work.split(",") if options.work else list(WORKS)
    database = f"segue_bench_{secrets.token_hex(4)}"
    url = f"{SERVER.rpartition('/')[0]}/{database}"
    asyncio.run(_run(f'CREATE DATABASE "{database}"'))
    try:
        asyncio.run(_fill(url))
        found = measure(works, {"BENCH_DATABASE": url}, options.seconds, options.repeat)
    finally:
        asyncio.run(_run(f'DROP DATABASE "{database}" WITH (FORCE)'))
    for work, rates in found.items():
        print(work, {name: round(rate) for name, rate in rates.items()})
    if not options.work:
        RESULTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        write_page(found)


def measure(works: list[str], env: dict[str, str], seconds: int, repeat: int) -> dict[str, dict[str, float]]:
    """Requests for each second of the server's processor time: medians of interleaved repetitions, of the better server."""
    taken: dict[tuple[str, str, int], list[float]] = {}
    for _ in range(repeat):
        for name in works:
            for who, path in WORKS[name].paths.items():
                for at, command in enumerate(_commands(who)):
                    rate = _once(WORKS[name], who, path, command, env, seconds)
                    taken.setdefault((name, who, at), []).append(rate)
                    print(f"{name:12} {who:16} {rate:10,.0f} per CPU-second", flush=True)
    found: dict[str, dict[str, float]] = {}
    for (name, who, _), rates in taken.items():
        best = found.setdefault(name, {})
        best[who] = max(best.get(who, 0.0), statistics.median(rates))
    return found


def _once(
    work: Work, who: str, path: str, command: tuple[str, ...], env: dict[str, str], seconds: int
) -> float:
    older = {} if who == "segue" else OLDER_UVLOOP
    paths = {"PYTHONPATH": os.pathsep.join((str(BENCHMARKS), *older.values(), *_present()))}
    with Server(command, cwd=BENCHMARKS, env={**older, **paths, **env}) as server:
        wrong = work.right(server, path)
        if wrong:
            raise SystemExit(f"{who} {path}: {wrong} {server.last_words()}")
        load = Wrk(path, connections=work.connections, script=work.script)
        load.run(server, 1)
        before = server.cpu_seconds()
        seen = load.run(server, seconds)
        if seen.failed:
            raise SystemExit(f"{who} {path}: {seen.failed} of {seen.requests} failed")
        return seen.requests / (server.cpu_seconds() - before)


async def _fill(url: str) -> None:
    import datetime

    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute(
        "CREATE TABLE fortune (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, message VARCHAR(2048) NOT NULL);"
        "CREATE TABLE director (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name VARCHAR(100) NOT NULL);"
        "CREATE TABLE film (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title VARCHAR(200) NOT NULL, year INTEGER NOT NULL,"
        " released DATE NOT NULL, rating DOUBLE PRECISION NOT NULL, director_id BIGINT NOT NULL REFERENCES director (id));"
        "CREATE INDEX ON film (title); CREATE INDEX ON film (director_id);"
    )
    told = [
        f"Fortune number {number} is a text of a usual length for such a thing." for number in range(1, 11)
    ]
    told += [
        "<script>alert('This should not be displayed in a browser alert box.');</script>",
        "フレームワークのベンチマーク",
    ]
    await connection.executemany("INSERT INTO fortune VALUES ($1, $2)", list(enumerate(told, 1)))
    names = [(number, f"Director {number}") for number in range(1, 51)]
    await connection.executemany("INSERT INTO director VALUES ($1, $2)", names)
    films = [
        (
            n,
            f"Film {n:05}",
            1900 + n % 120,
            datetime.date(1900 + n % 120, 1 + n % 12, 1 + n % 28),
            n % 100 / 10,
            1 + n % 50,
        )
        for n in range(1, FILMS + 1)
    ]
    await connection.executemany("INSERT INTO film VALUES ($1, $2, $3, $4, $5, $6)", films)
    await connection.execute("ANALYZE")
    await connection.close()


if __name__ == "__main__":
    main()

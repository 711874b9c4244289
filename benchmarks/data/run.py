"""Measures the data layer beside its peers: processor time of the process that asks, for each work, interleaved.

python -m data.run                      # everything, into data/results.json and docs/benchmarks-data.md
python -m data.run --only segue,raw --work get --database postgresql
python -m data.run --report             # writes the page again
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from data.report import write_page
from data.schema import fill_postgresql, fill_sqlite
from data.works import PEERS, WORKS

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
SERVER = os.environ.get("SEGUE_BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")


class Worker:
    """A peer in its process."""

    def __init__(self, peer: str, database: str, url: str) -> None:
        self.peer = peer
        self.process = subprocess.Popen(
            [sys.executable, "-m", "data.worker", peer, database, url],
            cwd=HERE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline().strip()  # type: ignore[union-attr] # a pipe
        if line != "ready":
            raise RuntimeError(self.process.communicate()[1][-2000:])

    def ask(self, work: str, times: int) -> Any:
        """What the worker says to it."""
        self.process.stdin.write(f"{work} {times}\n")  # type: ignore[union-attr] # a pipe
        self.process.stdin.flush()  # type: ignore[union-attr]
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(self.process.communicate()[1][-2000:])
        return json.loads(line)

    def stop(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.communicate()


def main() -> None:
    options = parser().parse_args()
    if options.report:
        write_page(json.loads(RESULTS.read_text()))
        return
    peers = options.only.split(",") if options.only else list(PEERS)
    works = options.work.split(",") if options.work else list(WORKS)
    found: dict[str, Any] = {}
    for database in options.database.split(","):
        with tempfile.TemporaryDirectory() as folder:
            name = f"segue_bench_{secrets.token_hex(4)}"
            if database == "sqlite":
                url = f"sqlite:///{folder}/bench.db"
                fill_sqlite(url.removeprefix("sqlite:///"))
            else:
                url = f"{SERVER.rpartition('/')[0]}/{name}"
                asyncio.run(_created(name, url))
            try:
                found[database] = measure(database, url, peers, works, options.repeat, options.scale)
            finally:
                if database != "sqlite":
                    asyncio.run(_run(f'DROP DATABASE "{name}" WITH (FORCE)'))
    for database, table in found.items():
        print_table(database, table)
    if not options.only and not options.work:
        kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        kept |= found
        RESULTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        write_page(kept)


def measure(
    database: str, url: str, peers: list[str], works: list[str], repeat: int, scale: float
) -> dict[str, dict[str, float]]:
    """Microseconds of processor by work and peer: medians of interleaved repetitions."""
    workers: list[Worker] = []
    for peer in peers:
        try:
            workers.append(Worker(peer, database, url))
        except RuntimeError as error:
            print(f"{peer} on {database}: {str(error).strip().splitlines()[-1:]}", file=sys.stderr)
    taken: dict[str, dict[str, list[float]]] = {work: {} for work in works}
    try:
        for work in works:
            times = max(1, int(WORKS[work].times * scale))
            shown: dict[str, Any] = {}
            for worker in workers:  # the first time compiles, connects and prepares
                answer = worker.ask(work, max(1, times // 5))
                if answer is not None and "error" not in answer:
                    shown[worker.peer] = answer["shown"]
                elif answer is not None:
                    print(f"{worker.peer} on {database}, {work}: {answer['error']}", file=sys.stderr)
            check(work, shown)
            for _ in range(repeat):
                for worker in workers:
                    if worker.peer in shown:
                        taken[work].setdefault(worker.peer, []).append(worker.ask(work, times)["cpu"] * 1e6)
            print(
                f"{database} {work}",
                {peer: round(statistics.median(all_)) for peer, all_ in taken[work].items()},
            )
    finally:
        for worker in workers:
            worker.stop()
    return {
        work: {peer: statistics.median(all_) for peer, all_ in by_peer.items()}
        for work, by_peer in taken.items()
    }


def check(work: str, shown: dict[str, Any]) -> None:
    """Raises if peers did not do the same: what they gave is compared with what the driver gave."""
    wanted = shown.get("raw")
    for peer, found in shown.items():
        if wanted is None or _alike(found, wanted):
            continue
        raise SystemExit(f"{work}: {peer} gave {str(found)[:200]}, and the driver {str(wanted)[:200]}")


def _alike(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        # Dates and truth are written in several ways; the rest is the same.
        return len(found) == len(wanted) and all(
            one["id"] == two["id"]
            and one["title"] == two["title"]
            and len(one.get("awards", ())) == len(two.get("awards", ()))
            for one, two in zip(found, wanted, strict=True)
        )
    return bool(found == wanted)


def print_table(database: str, table: dict[str, dict[str, float]]) -> None:
    """The figures, for a terminal."""
    print(f"\n{database}: microseconds of processor, and how many times the driver's")
    for work, by_peer in table.items():
        base = by_peer.get("raw")
        told = [
            f"{peer} {value:,.0f}" + (f" ({value / base:.2f})" if base else "")
            for peer, value in sorted(by_peer.items(), key=lambda one: one[1])
        ]
        print(f"  {work:8} " + ", ".join(told))


async def _created(name: str, url: str) -> None:
    await _run(f'CREATE DATABASE "{name}"')
    await fill_postgresql(url)


async def _run(sql: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(SERVER)
    await connection.execute(sql)
    await connection.close()


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="The data layer beside its peers.")
    made.add_argument("--only", metavar="NAME,...", help=f"peers: {', '.join(PEERS)}")
    made.add_argument("--work", metavar="NAME,...", help=f"works: {', '.join(WORKS)}")
    made.add_argument("--database", default="postgresql,sqlite", help="postgresql, sqlite (default: both)")
    made.add_argument("--repeat", type=int, default=5, help="interleaved repetitions (default 5)")
    made.add_argument("--scale", type=float, default=1.0, help="how much longer each measurement is")
    made.add_argument("--report", action="store_true", help="only write the page again")
    return made


if __name__ == "__main__":
    main()

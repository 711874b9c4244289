"""Measures Segue and its peers side by side; ``run.sh`` builds the environment and starts this.

./run.sh --only segue,fastpysgi --work plaintext,json --quick     # 20 seconds
./run.sh                                                          # everything, into results.json and docs/benchmarks.md
./run.sh --report                                                 # write the page again from results.json
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from harness.checks import run_checks
from harness.idle import raise_open_files
from harness.load import BENCHMARKS
from harness.machine import describe_machine, installed_versions
from harness.report import write_page
from harness.results import Results, load_results
from harness.roster import PEERS, Peer
from harness.schedule import Plan, run_works
from harness.terminal import print_goals, print_tables
from harness.works import WORKS, Work

FULL = BENCHMARKS / "results.json"
PARTIAL = BENCHMARKS / "last.json"
CHECKS = "checks"
IDLE_CONNECTIONS = 10_000

T = TypeVar("T", Peer, Work)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    if options.report:
        write_page(load_results(FULL))
        return
    names = options.work.split(",") if options.work else [*(work.name for work in WORKS), CHECKS]
    works = pick([name for name in names if name != CHECKS], WORKS, "work")
    regular = [peer.name for peer in PEERS if not peer.alternate]
    peers = pick(options.only.split(",") if options.only else regular, PEERS, "peer")
    usual = 1 if options.quick else 3
    plan = Plan(
        options.seconds or usual, options.repeat or usual, 1_000 if options.quick else IDLE_CONNECTIONS
    )
    target: Path = options.output or (PARTIAL if options.quick or options.only else FULL)
    raise_open_files()

    results = load_results(target) if target == FULL else Results()
    results.machine = describe_machine()
    results.versions |= installed_versions(sorted({name for peer in peers for name in peer.distributions}))
    for name, done in run_works(works, peers, plan, say):
        results.works[name] = done
        results.save(target)
    if CHECKS in names and (options.only is None or "segue" in options.only.split(",")):
        results.checks = run_checks(plan, options.quick, say)
        results.save(target)
    print_tables(results, [work.name for work in works])
    print_goals(results)
    if target == FULL:
        write_page(results)


def say(line: str) -> None:
    print(line, flush=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description="Segue and its peers, side by side.")
    peers = ", ".join(peer.name for peer in PEERS if not peer.alternate)
    others = ", ".join(sorted({peer.name.partition("@")[2] for peer in PEERS if peer.alternate}))
    works = ", ".join([*(work.name for work in WORKS), CHECKS])
    made.add_argument(
        "--quick", action="store_true", help="one run of 1 s each: shows that all works, not how fast"
    )
    made.add_argument("--only", metavar="NAME,...", help=f"peers: {peers}; on another server: name@{others}")
    made.add_argument("--work", metavar="NAME,...", help=f"works: {works}")
    made.add_argument("--repeat", type=int, metavar="N", help="interleaved repetitions (default 3)")
    made.add_argument("--seconds", type=int, metavar="S", help="length of one measurement (default 3)")
    made.add_argument(
        "--output", type=Path, metavar="FILE", help="default results.json; last.json with --only or --quick"
    )
    made.add_argument(
        "--report", action="store_true", help="write docs/benchmarks.md from results.json, measure nothing"
    )
    return made


def pick(names: Sequence[str], known: Sequence[T], what: str) -> tuple[T, ...]:
    by_name = {item.name: item for item in known}
    if missing := [name for name in names if name not in by_name]:
        raise SystemExit(f"no {what} is called {', '.join(missing)}; there are: {', '.join(by_name)}")
    return tuple(by_name[name] for name in names)


if __name__ == "__main__":
    main()

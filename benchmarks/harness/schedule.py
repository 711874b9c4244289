"""Runs the peers in turn, A B C A B C, each time in a fresh process, so that a drift of the machine meets all of them alike."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from harness.idle import measure_idle
from harness.load import BENCHMARKS, Wrk
from harness.results import Cell, Sample, WorkResult
from harness.roster import Peer
from harness.server import Server, ServerFailed, stolen_seconds
from harness.works import Work

WARM_UP_SECONDS = 1
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Plan:
    """How long and how often; ``idle`` is the number of idle connections."""

    seconds: int
    repeat: int
    idle: int


def run_works(
    works: Sequence[Work], peers: Sequence[Peer], plan: Plan, say: Callable[[str], None]
) -> Iterator[tuple[str, WorkResult]]:
    """Every work with every peer, as each is done; works that name one another in ``beside`` are measured as a pair."""
    paired = {work.beside for work in works}
    for work in works:
        if work.name in paired:
            continue
        group = [other for other in works if other.name == work.beside] + [work]
        yield from _run_group(group, peers, plan, say).items()


def _run_group(
    group: Sequence[Work], peers: Sequence[Peer], plan: Plan, say: Callable[[str], None]
) -> dict[str, WorkResult]:
    done = {
        work.name: WorkResult(datetime.now(UTC).date().isoformat(), plan.seconds, plan.repeat)
        for work in group
    }
    for work in group:
        done[work.name].cells = {peer.name: Cell(failure=peer.lacks.get(work.name)) for peer in peers}
    stolen, started = stolen_seconds(), time.monotonic()
    for turn in range(plan.repeat):
        for peer in peers:
            for work in group:
                cell = done[work.name].cells[peer.name]
                if cell.failure is not None:
                    continue
                try:
                    cell.samples.append(measure(work, peer, plan))
                except ServerFailed as failed:
                    cell.samples.clear()
                    cell.failure = f"failed: {failed}"
                say(f"{work.name:<11} {turn + 1}/{plan.repeat}  {peer.name:<12} {_brief(cell)}")
    share = (stolen_seconds() - stolen) / (time.monotonic() - started) / CORES
    for work in group:
        done[work.name].stolen = share
    return done


def measure(work: Work, peer: Peer, plan: Plan) -> Sample:
    """One sample: start, check the reply, warm up, load, stop."""
    with Server(peer.command, cwd=BENCHMARKS, env={**peer.env, **work.env}) as server:
        work.check(server)
        if work.name == "idle":
            return measure_idle(server, work.load.path, plan.idle)
        if isinstance(work.load, Wrk):
            work.load.run(server, WARM_UP_SECONDS)
        cpu, started = server.cpu_seconds(), time.monotonic()
        seen = work.load.run(server, plan.seconds)
        cpu, seconds = server.cpu_seconds() - cpu, time.monotonic() - started
        server.check_alive()
        if seen.requests == 0:
            raise ServerFailed(f"no {work.unit} completed, {seen.failed} failed")
        if seen.failed * 100 > seen.requests:
            raise ServerFailed(f"{seen.failed} of {seen.requests} {work.unit} failed")
        return Sample(
            requests=seen.requests,
            seconds=seconds,
            rate=seen.rate,
            cpu_seconds=cpu,
            p50_ms=seen.p50_ms,
            p99_ms=seen.p99_ms,
            failed=seen.failed,
            memory_kib=server.memory_kib(),
        )


def _brief(cell: Cell) -> str:
    if not cell.samples:
        return cell.failure or ""
    last = cell.samples[-1]
    if last.kib_per_connection is not None:
        return f"{last.kib_per_connection:8.1f} KiB/connection, {last.failed} lost"
    return (
        f"{last.per_cpu_second:10,.0f} per CPU-s {last.rate:10,.0f}/s  p99 {last.p99_ms:8.2f} ms  "
        f"{last.memory_kib / 1024:6.1f} MiB"
    )

"""The harness measures Segue, and only Segue: each kind of load once, for a second or less."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness.checks import SEGUE
from harness.idle import BASE
from harness.load import BENCHMARKS, OwnClient
from harness.roster import STYLES
from harness.schedule import Plan, measure
from harness.server import Server, ServerFailed
from harness.works import WORKS

pytestmark = [pytest.mark.requires("procfs"), pytest.mark.requires("wrk")]
PLAN = Plan(seconds=1, repeat=1, idle=100)
BY_NAME = {work.name: work for work in WORKS}


@pytest.mark.parametrize("name", ["json", "order", "routes", "middleware", "stream", "websocket"])
def test_a_work_is_done_and_its_cost_is_counted(name: str) -> None:
    sample = measure(BY_NAME[name], SEGUE, PLAN)
    assert sample.failed == 0
    assert sample.requests > 20
    assert 0 < sample.cpu_seconds < 5
    assert sample.memory_kib > 5_000


@pytest.mark.parametrize("style", [peer.name for peer in STYLES])
def test_every_style_does_the_same_work(style: str) -> None:
    peer = next(peer for peer in STYLES if peer.name == style)
    for name in ("plaintext", "json"):
        with Server(peer.command, cwd=BENCHMARKS, env=dict(peer.env)) as server:
            BY_NAME[name].check(server)


def test_uploads_are_counted_one_by_one() -> None:
    work = replace(BY_NAME["upload"], load=OwnClient("upload", "/upload", 1))
    assert measure(work, SEGUE, PLAN).requests > 0


def test_idle_connections_stay_open_and_their_memory_is_told() -> None:
    sample = measure(BY_NAME["idle"], SEGUE, PLAN)
    assert (sample.requests, sample.failed) == (PLAN.idle, 0)
    assert sample.kib_per_connection is not None
    assert sample.kib_per_connection < 1_000
    assert PLAN.idle > BASE


def test_a_wrong_reply_is_a_failure_and_not_a_figure() -> None:
    work = replace(BY_NAME["middleware"], env={"BENCH_MIDDLEWARE": "3"})
    with pytest.raises(ServerFailed, match="number of headers set by middlewares is '3', expected '5'"):
        measure(work, SEGUE, PLAN)

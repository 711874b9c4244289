"""Figures that only concern Segue: start-up, unused features, styles, memory while a huge body is uploaded."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from harness.cores import load_core, pinned_to
from harness.load import BENCHMARKS
from harness.results import Sample
from harness.roster import PEERS, STYLES
from harness.schedule import Plan, measure
from harness.server import Server, ServerFailed, peak_memory_kib
from harness.works import WORKS

SEGUE = next(peer for peer in PEERS if peer.kind == "segue")
GIB = 2**30


def run_checks(plan: Plan, quick: bool, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Every check by name; one that fails says why under ``failure``."""
    checks: dict[str, Callable[[], dict[str, Any]]] = {
        "import": lambda: {"milliseconds": _probe("imports", 5 if quick else 15)},
        "freeze": lambda: {"seconds_for_1000_routes": _probe("freeze", 3 if quick else 9)},
        "unused": lambda: unused_features(plan),
        "styles": lambda: styles(plan),
        "big_upload": lambda: big_upload(GIB if quick else 10 * GIB),
    }
    done = {}
    for name, check in checks.items():
        try:
            done[name] = check()
        except ServerFailed as failed:
            done[name] = {"failure": str(failed)}
        say(f"{name:<11} {done[name]}")
    return done


def _probe(module: str, times: int) -> float:
    """The median of what a program of ``harness.probes`` prints."""
    figures = []
    for _ in range(times):
        command = [sys.executable, "-m", f"harness.probes.{module}"]
        done = subprocess.run(
            command, cwd=BENCHMARKS, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0:
            raise ServerFailed(done.stderr.strip().splitlines()[-1][:160])
        figures.append(float(done.stdout))
    return median(figures)


def unused_features(plan: Plan) -> dict[str, Any]:
    """Plaintext without and with features that it does not use; a second run without them shows the noise."""
    plaintext = next(work for work in WORKS if work.name == "plaintext")
    loaded = replace(plaintext, env={"BENCH_FEATURES": "1"})
    order = {"without": plaintext, "with": loaded, "without, again": plaintext}
    samples: dict[str, list[Sample]] = {name: [] for name in order}
    for _ in range(plan.repeat):
        for name, work in order.items():
            samples[name].append(measure(work, SEGUE, plan))
    figures = {name: median(sample.per_cpu_second for sample in taken) for name, taken in samples.items()}
    return {
        "per_cpu_second": figures,
        "ratio": figures["with"] / figures["without"],
        "ratio_of_equals": figures["without, again"] / figures["without"],
    }


def styles(plan: Plan) -> dict[str, Any]:
    """Plaintext and JSON in each style of writing handlers, of the same with decorators, measured in turn."""
    figures: dict[str, Any] = {}
    for work in [work for work in WORKS if work.name in ("plaintext", "json")]:
        taken: dict[str, list[Sample]] = {peer.name: [] for peer in (SEGUE, *STYLES)}
        for _ in range(plan.repeat):
            for peer in (SEGUE, *STYLES):
                taken[peer.name].append(measure(work, peer, plan))
        costs = {name: median(one.per_cpu_second for one in samples) for name, samples in taken.items()}
        base = costs.pop(SEGUE.name)
        figures[work.name] = {name.partition("@")[2]: cost / base for name, cost in costs.items()}
    return figures


def big_upload(size: int) -> dict[str, Any]:
    """One body of ``size`` bytes streamed to a file; the highest resident memory of any process of the server."""
    scratch = BENCHMARKS / "scratch"
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        target = Path(folder) / "big"
        with Server(SEGUE.command, cwd=BENCHMARKS, env={"BENCH_BIG_FILE": str(target)}) as server:
            server.request("GET", "/plaintext")
            before = server.memory_kib()
            command = [sys.executable, "-m", "harness.clients.big", str(server.port), "/big", str(size)]
            with pinned_to(load_core()):
                client = subprocess.Popen(
                    command, cwd=BENCHMARKS, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            peak = 0
            while client.poll() is None:
                peak = max(peak, peak_memory_kib(server.pid))
                time.sleep(0.1)
            output, errors = client.communicate()
            peak = max(peak, peak_memory_kib(server.pid))
        if client.returncode != 0:
            raise ServerFailed((errors.strip().splitlines() or ["no message"])[-1][:160])
        if target.stat().st_size != size:
            raise ServerFailed(f"the file has {target.stat().st_size} bytes, {size} were sent")
    seconds = float(output)
    return {
        "gib": size / GIB,
        "mib_per_second": size / 2**20 / seconds,
        "memory_before_mib": before / 1024,
        "peak_resident_mib": peak / 1024,
    }

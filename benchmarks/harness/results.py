"""The figures of a run, as they are kept in ``results.json``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One measurement of one peer: what the client saw, and what the server's process tree used meanwhile."""

    requests: int
    seconds: float
    rate: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float
    failed: int
    memory_kib: int
    kib_per_connection: float | None = None

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu_seconds if self.cpu_seconds else 0.0


@dataclass
class Cell:
    """One peer at one work: its samples, or why there are none."""

    samples: list[Sample] = field(default_factory=list)
    failure: str | None = None

    def median(self, figure: Callable[[Sample], float]) -> float:
        return median(figure(sample) for sample in self.samples)

    @property
    def per_cpu_second(self) -> float:
        return self.median(lambda sample: sample.per_cpu_second)

    @property
    def spread(self) -> float:
        """Half the range of requests per CPU-second, as a share of the median: how far to trust a difference."""
        values = [sample.per_cpu_second for sample in self.samples]
        return (max(values) - min(values)) / 2 / (median(values) or 1.0)

    @property
    def kib_per_connection(self) -> float:
        return self.median(lambda sample: sample.kib_per_connection or 0.0)


@dataclass
class WorkResult:
    """All peers at one work, measured in one interleaved run: only ratios inside it mean anything.

    ``stolen`` is the share of the cores' time that the hypervisor gave away meanwhile: noise.
    """

    date: str
    seconds: int
    repeat: int
    stolen: float = 0.0
    cells: dict[str, Cell] = field(default_factory=dict)


@dataclass
class Results:
    """Everything measured: works by name, the machine, versions, and Segue's own checks."""

    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    works: dict[str, WorkResult] = field(default_factory=dict)
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


def load_results(path: Path) -> Results:
    """What is in the file; an empty ``Results`` where there is none."""
    if not path.exists():
        return Results()
    kept: Mapping[str, Any] = json.loads(path.read_text())
    works = {name: _work(work) for name, work in kept["works"].items()}
    return Results(dict(kept["machine"]), dict(kept["versions"]), works, dict(kept["checks"]))


def _work(kept: Mapping[str, Any]) -> WorkResult:
    cells = {
        name: Cell([Sample(**sample) for sample in cell["samples"]], cell["failure"])
        for name, cell in kept["cells"].items()
    }
    return WorkResult(kept["date"], kept["seconds"], kept["repeat"], kept["stolen"], cells)

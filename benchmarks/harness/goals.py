"""What Segue promises about speed, and what the run measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.ratios import best_framework, ratio_value
from harness.results import Results


@dataclass(frozen=True)
class Goal:
    """A promise, its bound, and the measured figure (``None``: not measured); ``least`` tells which side is good."""

    text: str
    bound: float
    measured: float | None
    least: bool
    unit: str = ""

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.least else self.measured <= self.bound


def goals(results: Results) -> list[Goal]:
    made = []
    for work, title in (("plaintext", "plaintext"), ("json", "JSON")):
        made.append(_least(f"{title}, of bare fastpysgi", 0.8, _against(results, work, "fastpysgi")))
        made.append(_least(*_best(results, work, title, 1.7)))
    made.append(_least(*_best(results, "order", "POST of 20 fields", 2.0)))
    made.append(_least("1,000 routes, of one route", 0.95, _routes(results)))
    made.append(
        _least(
            "plaintext with features it does not use, of without", 0.98, _check(results, "unused", "ratio")
        )
    )
    idle = results.works.get("idle")
    segue = idle.cells.get("segue") if idle else None
    kib = segue.kib_per_connection if segue and segue.samples else None
    made.append(_most("memory of an idle connection", 12, kib, "KiB"))
    peak = _check(results, "big_upload", "peak_resident_mib")
    made.append(_most("resident memory during a 10 GiB upload to disk", 80, peak, "MiB"))
    made.append(_most("`import segue`", 120, _check(results, "import", "milliseconds"), "ms"))
    made.append(_most("1,000 routes frozen", 0.5, _check(results, "freeze", "seconds_for_1000_routes"), "s"))
    return made


def _least(text: str, bound: float, measured: float | None) -> Goal:
    return Goal(text, bound, measured, least=True)


def _most(text: str, bound: float, measured: float | None, unit: str) -> Goal:
    return Goal(text, bound, measured, least=False, unit=unit)


def _best(results: Results, work: str, title: str, bound: float) -> tuple[str, float, float | None]:
    result = results.works.get(work)
    best = best_framework(work, result) if result else None
    text = f"{title}, of the best peer framework" + (f" ({best})" if best else "")
    return text, bound, _against(results, work, best or "")


def _against(results: Results, work: str, other: str) -> float | None:
    result = results.works.get(work)
    if result is None:
        return None
    return ratio_value(result.cells.get("segue"), result.cells.get(other))


def _routes(results: Results) -> float | None:
    one, thousand = results.works.get("route"), results.works.get("routes")
    if one is None or thousand is None:
        return None
    return ratio_value(thousand.cells.get("segue"), one.cells.get("segue"))


def _check(results: Results, check: str, figure: str) -> float | None:
    value: Any = results.checks.get(check, {}).get(figure)
    return None if value is None else float(value)

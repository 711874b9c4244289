"""The figures as plain text, at the end of a run."""

from __future__ import annotations

from collections.abc import Sequence

from harness.goals import goals
from harness.ratios import best_framework, ratio
from harness.results import Cell, Results, WorkResult


def print_tables(results: Results, works: Sequence[str]) -> None:
    for name in works:
        if name in results.works:
            print(f"\n{name}")
            _print_work(name, results.works[name])


def print_goals(results: Results) -> None:
    """Only those this run can tell."""
    told = [goal for goal in goals(results) if goal.measured is not None]
    if told:
        print("\npromises")
    for goal in told:
        verdict = "met" if goal.met else "NOT MET"
        print(
            f"  {goal.measured:8.2f} {goal.unit:<4} {'>=' if goal.least else '<='} {goal.bound:<6g} {verdict:<8} {goal.text}"
        )


def _print_work(name: str, work: WorkResult) -> None:
    best = best_framework(name, work)
    for peer, cell in work.cells.items():
        if not cell.samples:
            print(f"  {peer:<12} {cell.failure}")
        elif name == "idle":
            print(f"  {peer:<12} {cell.kib_per_connection:8.1f} KiB per connection")
        else:
            print(f"  {peer:<12} {cell.per_cpu_second:10,.0f} per CPU-s  {_ratios(cell, work, best)}")


def _ratios(cell: Cell, work: WorkResult, best: str | None) -> str:
    shown = [f"{ratio(cell, work.cells.get('fastpysgi')):>6} of fastpysgi"]
    if best is not None:
        shown.append(f"{ratio(cell, work.cells[best]):>6} of {best}")
    return "  ".join([*shown, f"(spread {cell.spread:.0%})"])

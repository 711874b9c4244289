"""Ratios inside one run: to the bare C server, and to the best peer framework."""

from __future__ import annotations

from harness.results import Cell, WorkResult
from harness.roster import PEERS


def best_framework(name: str, work: WorkResult, *, native: bool = True) -> str | None:
    """The framework (not a limit, not Segue) with the best figure of the work; ``native=False``: written in Python."""
    frameworks = {peer.name for peer in PEERS if peer.kind == "framework" and (native or not peer.native)}
    measured = {peer: cell for peer, cell in work.cells.items() if peer in frameworks and cell.samples}
    if not measured:
        return None
    if name == "idle":
        return min(measured, key=lambda peer: measured[peer].kib_per_connection)
    return max(measured, key=lambda peer: measured[peer].per_cpu_second)


def ratio_value(cell: Cell | None, base: Cell | None) -> float | None:
    """Requests per CPU-second of one over the other; ``None`` where either was not measured."""
    if cell is None or base is None or not cell.samples or not base.samples or not base.per_cpu_second:
        return None
    return cell.per_cpu_second / base.per_cpu_second


def ratio(cell: Cell | None, base: Cell | None) -> str:
    value = ratio_value(cell, base)
    return "-" if value is None else f"{value:.2f}"

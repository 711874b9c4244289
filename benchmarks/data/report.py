"""Writes docs/benchmarks-data.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.works import OBJECTS, PEERS, WORKS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks-data.md"


def write_page(found: dict[str, Any]) -> None:
    """The page of the figures."""
    lines = [
        "# The data layer beside its peers",
        "",
        "Microseconds of processor time in the process that asks, medians of interleaved repetitions on one machine; the database's own",
        "time is not in them. Ratios are what carries over to other machines. `make bench ARGS=data` takes them again.",
    ]
    for database, table in found.items():
        if database == "pages":
            continue
        names = [peer for peer in PEERS if any(peer in by_peer for by_peer in table.values())]
        lines += ["", f"## {'PostgreSQL' if database == 'postgresql' else 'SQLite'}", ""]
        lines.append("| | " + " | ".join(PEERS[name] for name in names) + " |")
        lines.append("|---|" + "--:|" * len(names))
        for work, by_peer in table.items():
            cells = [f"{by_peer[name]:,.0f}" if name in by_peer else "" for name in names]
            lines.append(f"| {WORKS[work].told} | " + " | ".join(cells) + " |")
        lines += ["", "| | of the driver's speed | of the best other ORM |", "|---|--:|--:|"]
        for work, by_peer in table.items():
            if "segue" not in by_peer:
                continue
            own = by_peer["segue"]
            others = [by_peer[name] for name in OBJECTS if name in by_peer]
            driver = f"{by_peer['raw'] / own:.2f}" if "raw" in by_peer else ""
            best = f"{min(others) / own:.1f}" if others else ""
            lines.append(f"| {WORKS[work].told} | {driver} | {best} |")
    lines += _pages(found.get("pages", {}))
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _pages(found: dict[str, dict[str, float]]) -> list[str]:
    """The table of pages."""
    if not found:
        return []
    names = list(next(iter(found.values())))
    lines = [
        "",
        "## Pages",
        "",
        "Requests for each second of the server's processor time, one worker each, on PostgreSQL: a row by key, twenty of them, a page of fortunes, twenty",
        "rows changed, twenty rows out of memory. `raw` is asyncpg by hand behind Segue's server.",
        "",
        "| | " + " | ".join(names) + " | of raw | of the best other |",
        "|---|" + "--:|" * (len(names) + 2),
    ]
    for page, by_name in found.items():
        cells = [f"{by_name[name]:,.0f}" for name in names]
        others = max(rate for name, rate in by_name.items() if name not in ("raw", "segue"))
        cells += [f"{by_name['segue'] / by_name['raw']:.2f}", f"{by_name['segue'] / max(others, 1):.1f}"]
        lines.append(f"| {page} | " + " | ".join(cells) + " |")
    return lines

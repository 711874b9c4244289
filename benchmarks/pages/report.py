"""Writes docs/benchmarks-pages.md."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks-pages.md"

TOLD = {
    "fortunes": "thirteen rows, sorted, in a page with a layout",
    "form": "a form of ten fields, rendered in a page with a layout",
    "form posted": "the same form sent, every field of it right, and validated",
    "grid": "fifty of a thousand films and their directors in a table with sorted columns, a search and pages",
}


def write_page(found: dict[str, dict[str, float]]) -> None:
    """The page of the figures."""
    names = list(dict.fromkeys(name for rates in found.values() for name in rates))
    lines = [
        "# Pages beside those of its peers",
        "",
        "Requests for each second of the server's processor time, one worker each, on PostgreSQL; medians of interleaved repetitions on one machine. A peer",
        "stands with the better of two servers (gunicorn, granian), with cached templates, connections that stay, and no middleware. Ratios are what carries over to",
        "other machines. `make bench ARGS=people` takes them again.",
        "",
        "| | " + " | ".join(names) + " | of the best other |",
        "|---|" + "--:|" * (len(names) + 1),
    ]
    for work, told in TOLD.items():
        if work not in found:
            continue
        rates = found[work]
        cells = [f"{rates[name]:,.0f}" if name in rates else "" for name in names]
        others = max(rate for name, rate in rates.items() if name != "segue")
        lines.append(f"| {told} | " + " | ".join(cells) + f" | {rates['segue'] / others:.1f} |")
    lines += [
        "",
        "Segue's list has more on it than those beside it: how many there are, and conditions that people put together. Its form says what is wrong beside",
        "each field, for readers of the screen too.",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")

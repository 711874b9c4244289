"""Writes ``docs/benchmarks.md`` and its chart from the kept results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.chart import draw_chart
from harness.goals import Goal, goals
from harness.load import BENCHMARKS
from harness.notes import AFTER, BEFORE
from harness.ratios import best_framework, ratio, ratio_value
from harness.results import Cell, Results, WorkResult
from harness.roster import PEERS, Peer
from harness.works import WORKS, Work

DOCS = BENCHMARKS.parent / "docs"
BY_NAME = {peer.name: peer for peer in PEERS}


def write_page(results: Results, docs: Path = DOCS) -> None:
    """The page and ``assets/benchmarks.svg`` under ``docs``."""
    (docs / "assets").mkdir(parents=True, exist_ok=True)
    (docs / "assets" / "benchmarks.svg").write_text(draw_chart(results))
    (docs / "benchmarks.md").write_text("\n".join(page(results)) + "\n")


def page(results: Results) -> Iterator[str]:
    yield BEFORE
    yield from _goals(goals(results))
    yield ""
    for work in WORKS:
        if work.name in results.works:
            yield from _work(work, results.works[work.name], results)
    yield from _styles(results)
    yield from _checks(results)
    yield from _machine(results)
    yield AFTER


def _goals(all_goals: list[Goal]) -> Iterator[str]:
    yield "| promise | bound | measured | |"
    yield "|---|--:|--:|---|"
    for goal in all_goals:
        sign = "at least" if goal.least else "at most"
        measured = "not yet" if goal.measured is None else f"{goal.measured:.2f} {goal.unit}".strip()
        verdict = {True: "met", False: "**not met**", None: ""}[goal.met]
        yield f"| {goal.text} | {sign} {goal.bound:g} {goal.unit} | {measured} | {verdict} |".replace(
            "  ", " "
        )


def _work(work: Work, result: WorkResult, results: Results) -> Iterator[str]:
    yield f"## {work.title}\n"
    measured = {name: cell for name, cell in result.cells.items() if cell.samples}
    if work.name == "idle":
        yield from _idle(result)
    else:
        best, python = best_framework(work.name, result), best_framework(work.name, result, native=False)
        yield f"| | served by | {work.unit} per CPU-second | of bare fastpysgi | of the best peer | {work.unit}/s | p99 ms | MiB | spread |"
        yield "|---|---|--:|--:|--:|--:|--:|--:|--:|"
        for name in sorted(measured, key=lambda name: -measured[name].per_cpu_second):
            cell = measured[name]
            against = ratio(cell, result.cells.get("fastpysgi")), ratio(cell, result.cells.get(best or ""))
            yield (
                f"| {_title(name)} | {BY_NAME[name].server} | {cell.per_cpu_second:,.0f} | {against[0]} | {against[1]} "
                f"| {cell.median(lambda s: s.rate):,.0f} | {cell.median(lambda s: s.p99_ms):.2f} "
                f"| {cell.median(lambda s: s.memory_kib) / 1024:.0f} | ±{cell.spread:.0%} |"
            )
        yield ""
        if best is not None and python is not None and best != python:
            yield _python_only(result, best, python)
    yield from _without(result)
    if work.beside is not None and work.beside in results.works:
        yield from _beside(work, results)
    if work.name == "order":
        yield from _validation(measured)
    yield f"{result.repeat} runs of {result.seconds} s each, {result.date}; {result.stolen:.0%} of the time went to others.\n"


def _python_only(result: WorkResult, best: str, python: str) -> str:
    value = ratio_value(result.cells.get("segue"), result.cells.get(python))
    segue = "" if value is None else f"; Segue does {value:.2f} times as much"
    return f"The best peer, {BY_NAME[best].title}, is compiled code. The best one in Python is {BY_NAME[python].title}{segue}.\n"


def _idle(result: WorkResult) -> Iterator[str]:
    yield "| | served by | KiB per connection | whole server, MiB | connections | closed by the server |"
    yield "|---|---|--:|--:|--:|--:|"
    measured = {name: cell for name, cell in result.cells.items() if cell.samples}
    for name in sorted(measured, key=lambda name: measured[name].kib_per_connection):
        cell = measured[name]
        yield (
            f"| {_title(name)} | {BY_NAME[name].server} | {cell.kib_per_connection:.1f} "
            f"| {cell.median(lambda s: s.memory_kib) / 1024:.0f} | {cell.median(lambda s: s.requests):,.0f} "
            f"| {cell.median(lambda s: s.failed):,.0f} |"
        )
    yield ""


def _without(result: WorkResult) -> Iterator[str]:
    """Peers that were not measured, by name: nothing is hidden."""
    reasons: dict[str, list[str]] = {}
    for name, cell in result.cells.items():
        if cell.failure is not None:
            reasons.setdefault(cell.failure, []).append(BY_NAME[name].title)
    if reasons:
        yield (
            "Not measured: "
            + "; ".join(f"{', '.join(names)} ({why})" for why, names in reasons.items())
            + ".\n"
        )


def _beside(work: Work, results: Results) -> Iterator[str]:
    yield f"| | {work.title.lower()}, of one route |\n|---|--:|"
    one, many = results.works[work.beside or ""], results.works[work.name]
    ratios = {name: ratio_value(cell, one.cells.get(name)) for name, cell in many.cells.items()}
    for name, value in sorted(ratios.items(), key=lambda item: -(item[1] or 0)):
        if value is not None:
            yield f"| {_title(name)} | {value:.2f} |"
    yield ""


def _validation(measured: dict[str, Cell]) -> Iterator[str]:
    used: dict[str, list[str]] = {}
    for name in measured:
        used.setdefault(BY_NAME[name].validation, []).append(BY_NAME[name].title)
    yield (
        "Validated by "
        + "; by ".join(f"{library}: {', '.join(names)}" for library, names in used.items())
        + ".\n"
    )


def _styles(results: Results) -> Iterator[str]:
    """What each style of writing handlers does, of what decorators do."""
    styles = results.checks.get("styles", {})
    if not styles or "failure" in styles:
        return
    yield "## Styles of writing handlers\n"
    yield "Requests per CPU-second, of the same app with decorators. A view is chosen by predicates among three; a"
    yield "traversal asks a tree of objects for each part of the path.\n"
    yield f"| | {' | '.join(styles)} |"
    yield "|---|" + "--:|" * len(styles)
    for style in next(iter(styles.values())):
        yield f"| {style} | {' | '.join(f'{figures[style]:.2f}' for figures in styles.values())} |"
    yield ""


def _checks(results: Results) -> Iterator[str]:
    if not results.checks:
        return
    yield "## Only Segue\n"
    yield "| check | figure | |\n|---|---|--:|"
    for name, figures in results.checks.items():
        if name == "styles" and "failure" not in figures:
            continue  # a table of its own
        for figure, value in figures.items():
            shown = (
                "; ".join(f"{k}: {v:,.0f}" for k, v in value.items()) if isinstance(value, dict) else value
            )
            yield f"| {name} | {figure.replace('_', ' ')} | {shown if isinstance(shown, str) else f'{shown:.3g}'} |"
    yield ""


def _machine(results: Results) -> Iterator[str]:
    if not results.machine:
        return
    yield "## Machine and versions\n"
    yield "; ".join(f"{what}: {value}" for what, value in results.machine.items()) + ".\n"
    yield ", ".join(f"{name} {version}" for name, version in sorted(results.versions.items())) + ".\n"


def _title(name: str) -> str:
    peer: Peer = BY_NAME[name]
    if peer.kind == "segue":
        return f"**{peer.title}**"
    return f"*{peer.title}*" if peer.kind == "limit" else peer.title

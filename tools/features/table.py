"""Say which rows of the mission are proven, and by which test.

    python tools/features/table.py            print the table, write docs/features.md
    python tools/features/table.py --check    fail if docs/features.md is not what it would write

The rows are in rows.toml beside this file; the proofs are the tests marked `@pytest.mark.row("ID", ...)`, found by
collecting the tests without running them. Whether those tests pass is `make test`'s business.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = Path(__file__).with_name("rows.toml")
PAGE = ROOT / "docs" / "features.md"
PRIORITIES = (1, 2, 3, None)

HEAD = """\
# Features and the tests that prove them

`make features` writes this page from `tools/features/rows.toml` and the marks in `tests/`; do not edit it.

A row is a capability with an observable: what another framework offers, what users of today's frameworks ask for, what
an attack (SEC) or a fault (FAULT) must not do. It counts as proven when an automated test shows the whole of it.
Priority: 1 everyone uses it, 2 defining, 3 long tail; some sources do not rank.
"""


@dataclass(frozen=True)
class Row:
    """One row of the mission, and the tests that are marked with it."""

    id: str
    feature: str
    test: str
    priority: int | None
    note: str
    proofs: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The rows that come from one place: a framework, its users, the security contract."""

    title: str
    rows: tuple[Row, ...]

    def counts(self) -> dict[int | None, tuple[int, int]]:
        """Proven and all rows, for each priority that this source has."""
        found: dict[int | None, tuple[int, int]] = {}
        for priority in PRIORITIES:
            rows = [row for row in self.rows if row.priority == priority]
            if rows:
                found[priority] = (sum(bool(row.proofs) for row in rows), len(rows))
        return found


class Proofs:
    """A pytest plugin that notes which collected test is marked with which row."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the marks of everything that was collected; a parametrised test counts once."""
        for item in session.items:
            for mark in item.iter_markers("row"):
                for row in mark.args:
                    self.tests[row].add(item.nodeid.partition("[")[0])


def collect() -> dict[str, set[str]]:
    """Collect the tests of the project, and return the tests of each row.

    Raises:
        SystemExit: the tests cannot be collected; what pytest says is printed.
    """
    proofs, said = Proofs(), io.StringIO()
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(said):
        code = pytest.main(options, plugins=[proofs])
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        sys.exit(f"{said.getvalue()}\nThe tests cannot be collected: the table was not made.")
    return proofs.tests


def read_sources(proofs: dict[str, set[str]]) -> list[Source]:
    """Join rows.toml with the proofs."""
    return [
        Source(
            source["title"],
            tuple(
                Row(
                    id=row_id,
                    feature=row["feature"],
                    test=row.get("test", ""),
                    priority=row.get("priority"),
                    note=row.get("note", ""),
                    proofs=tuple(sorted(proofs.get(row_id, ()))),
                )
                for row_id, row in source["rows"].items()
            ),
        )
        for source in tomllib.loads(ROWS.read_text(encoding="utf-8")).values()
    ]


def cell(text: str) -> str:
    """Text as it may stand in a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")


def summary(sources: list[Source]) -> list[str]:
    """The proven and all rows of each source by priority, as a Markdown table."""
    lines = ["| | priority 1 | priority 2 | priority 3 | not ranked | all |", "|---|---|---|---|---|---|"]
    total: dict[int | None, tuple[int, int]] = {}
    for title, counts in [*((source.title, source.counts()) for source in sources), ("All", total)]:
        whole = tuple(map(sum, zip(*counts.values(), strict=True)))
        parts = ["{} of {}".format(*counts[p]) if p in counts else "" for p in PRIORITIES]
        lines.append(f"| {title} | {' | '.join(parts)} | {whole[0]} of {whole[1]} |")
        if counts is not total:
            for priority, (proven, known) in counts.items():
                before = total.get(priority, (0, 0))
                total[priority] = (before[0] + proven, before[1] + known)
    return lines


def page(sources: list[Source]) -> str:
    """The whole of docs/features.md."""
    lines = [HEAD, *summary(sources)]
    for source in sources:
        lines += ["", f"## {source.title}", "", "| row | P | what | proven by |", "|---|---|---|---|"]
        for row in source.rows:
            what = cell(row.feature) + (f" ({cell(row.note)})" if row.note else "")
            proofs = "<br>".join(f"`{proof}`" for proof in row.proofs)
            lines.append(f"| {row.id} | {row.priority or ''} | {what} | {proofs} |")
    return "\n".join(lines) + "\n"


def report(sources: list[Source]) -> str:
    """The table for the terminal: each source, its priorities, and the rows that are proven."""
    lines: list[str] = []
    for source in sources:
        lines.append(source.title)
        for priority, (proven, known) in source.counts().items():
            label = f"priority {priority}" if priority else "not ranked"
            ids = " ".join(row.id for row in source.rows if row.priority == priority and row.proofs)
            lines.append(f"  {label}  {proven:3} of {known:3}  {ids}".rstrip())
    rows = [row for source in sources for row in source.rows]
    lines.append(f"{sum(bool(row.proofs) for row in rows)} of {len(rows)} rows are proven.")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Run the command that the module's text describes."""
    sources = read_sources(collect())
    text = page(sources)
    if arguments == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            sys.exit("docs/features.md is not up to date: run `make features` and commit it.")
    elif arguments:
        sys.exit(__doc__)
    else:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text, encoding="utf-8")
        print(report(sources))


if __name__ == "__main__":
    main(sys.argv[1:])

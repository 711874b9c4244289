"""Every attack of the corpus over a real socket: whole, byte by byte and at random splits, with the same result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httptools
import pytest
from rig.app import Recorder
from rig.client import exchange, replies, split
from rig.corpus import Attack, attacks
from rig.server import Server, serving

from segue.server import h11_parser, reader
from segue.server.limits import Limits

# Rows that the corpus proves by itself, over one server; the others need an adapter or a measurement too.
PROVEN = {"SEC-1", "SEC-2", "SEC-3", "SEC-4", "SEC-5", "SEC-9", "SEC-13", "SEC-48", "TO23"}


def cases() -> Iterator[Any]:
    for one in attacks():
        rows = PROVEN & {one.row, *one.also}
        yield pytest.param(
            one, id=f"{one.row}-{one.name}", marks=[pytest.mark.row(*sorted(rows))] if rows else []
        )


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module", params=["httptools", "h11"])
def parser(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both parsers: the fast one, and the one that serves where it does not install."""
    module = h11_parser if request.param == "h11" else httptools
    names = ("RequestParser", "ParserError", "ParserCallbackError", "ParserUpgrade")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.setattr(reader, name, getattr(module, name if module is h11_parser else f"Http{name}"))
        yield request.param


@pytest.fixture(scope="module")
def server(recorder: Recorder, parser: str) -> Iterator[Server]:
    with serving(recorder, Limits(linger=0.5, body_timeout=1.5), sweep=0.25) as server:
        yield server


@pytest.mark.parametrize("how", ["whole", "bytes", "1", "2"])
@pytest.mark.parametrize("attack", list(cases()))
def test_the_attack_meets_its_answer(
    server: Server, recorder: Recorder, parser: str, attack: Attack, how: str
) -> None:
    recorder.seen.clear()
    server.records.clear()

    received = exchange(server.address, split(attack.data, how))
    server.settled()

    expected = [attack.statuses, attack.pure] if parser == "h11" and attack.pure else [attack.statuses]
    found = replies(received, attack.methods)
    assert [reply.status for reply in found] in expected, received[:500]
    assert all(reply.whole for reply in found)
    for text in attack.forbidden:
        assert text.encode() not in received
    assert attack.contains.encode("latin-1") in received
    certain = [run for run in attack.runs if not run.startswith("?")]
    if attack.runs != ["*"]:
        assert recorder.seen == certain or recorder.seen == [run.lstrip("?") for run in attack.runs]
    assert len(server.records) <= 2, server.logged()


def test_each_row_that_the_corpus_is_about_has_entries() -> None:
    counted: dict[str, int] = {}
    for attack in attacks():
        counted[attack.row] = counted.get(attack.row, 0) + 1
    assert counted.keys() >= {f"SEC-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 14, 19, 29, 42, 48)}
    assert len({attack.name for attack in attacks()}) == sum(counted.values()), "two entries of one name"

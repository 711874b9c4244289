"""CSV that a spreadsheet may open."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from segue import App, Struct
from segue.formats import CSV
from segue.testing import Client


class Film(Struct):
    title: str
    year: int | None = None


@dataclass
class Reel:
    number: int
    at: datetime


def rows(value: Any, **options: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(CSV(**options).encode(value).decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([Film("a", 1), Film("b")], [["title", "year"], ["a", "1"], ["b", ""]]),
        ([Reel(1, datetime(2020, 1, 2, tzinfo=UTC))], [["number", "at"], ["1", "2020-01-02T00:00:00Z"]]),
        ([{"a": 1}, {"a": 2, "b": 3}], [["a", "b"], ["1", ""], ["2", "3"]]),
        ([[1, "x"], [True, None]], [["1", "x"], ["true", ""]]),
        (["a", "b"], [["a"], ["b"]]),
        (Film("a", 1), [["title", "year"], ["a", "1"]]),
        ({"count": 1, "films": [Film("a", 1)]}, [["title", "year"], ["a", "1"]]),
        ([{"a": [1, {"b": 2}]}], [["a"], ['[1,{"b":2}]']]),
        ([{"q": 'a "b", c\r\nd'}], [["q"], ['a "b", c\r\nd']]),
        (
            [{"d": date(2020, 1, 2), "u": UUID(int=1), "b": b"x"}],
            [["d", "u", "b"], ["2020-01-02", str(UUID(int=1)), "eA=="]],
        ),
        ([], []),
    ],
)
def test_rows_of_any_value(value: Any, expected: Any) -> None:
    assert rows(value) == expected


COMPUTED = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1", "\n=1", "\uff1d1", "+4 9"]


@pytest.mark.parametrize("text", COMPUTED)
def test_text_that_a_spreadsheet_would_compute_is_text(text: str) -> None:
    app = App()

    @app.get("/", formats=[CSV])
    async def index() -> list[dict[str, str]]:
        return [{text: text}]

    reply = Client(app).get("/")
    assert list(csv.reader(io.StringIO(reply.text, newline=""))) == [[f"'{text}"], [f"'{text}"]]


@pytest.mark.parametrize("value", [-1, -1.5, "-1.50", "+49301234", Decimal("-1E+5"), "a=1"])
def test_numbers_and_ordinary_text_stay(value: Any) -> None:
    assert rows([[value]]) == [[str(value)]] or value == Decimal("-1E+5")


def test_the_options() -> None:
    value = [{"a": "=1", "b": "ä"}]
    assert CSV(bom=True).encode(value).startswith(b"\xef\xbb\xbfa,b\r\n")
    assert CSV(formulas=True, delimiter=";").encode(value).decode() == "a;b\r\n=1;ä\r\n"
    assert CSV(header=False, formulas=True).encode(value).decode() == "=1,ä\r\n"


def test_a_stream_whose_rows_do_not_fit_ends_there() -> None:
    app = App()

    @app.get("/", formats=[CSV(bom=True)])
    def films() -> Any:
        yield {"a": 1}
        yield {"a": 2}
        yield {"b": 3}

    client = Client(app, raise_server_exceptions=False)
    with client.stream("GET", "/") as reply:
        assert reply.piece() == b"\xef\xbb\xbfa\r\n1\r\n"
        assert reply.piece() == b"2\r\n"
        with pytest.raises(Exception, match="broke off"):
            reply.piece()

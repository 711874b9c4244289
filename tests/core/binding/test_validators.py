"""What annotations ask of values besides their types: in bodies, parameters and forms, told to each reader in his language."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest

from segue import (
    HTTPURL,
    App,
    Email,
    IPAddress,
    IPv4,
    IPv6,
    Query,
    Slug,
    Struct,
    Validates,
    between,
    cleaned,
    equal_to,
    json_text,
    slugged,
    strong,
)
from segue.core.binding.json_codec import DEFAULT_JSON
from segue.testing import Client


def taken(kind: Any, value: Any) -> Any:
    """What is kept of a JSON value, or what is said of it."""
    try:
        return DEFAULT_JSON.decode(msgspec.json.encode({"value": value}), dict[str, kind])["value"]
    except msgspec.ValidationError as error:
        return ValueError(str(error))


def _even(number: int) -> int:
    if number % 2:
        raise ValueError("an odd one")
    return number


TODAY = datetime.date(2026, 1, 31)

#: The validators of pyDAL: a type for each, values that are taken (and what is kept), values that are not.
PYDAL: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("ANY_OF", int | Literal["none"], [3, "none"], ["x"]),
    ("CLEANUP", Annotated[str, cleaned()], [(" a\x00\x07 \u202e b\n", "a b"), ("e\u0301", "é")], []),
    ("IS_ALPHANUMERIC", Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_]+$")], ["ab_1"], ["a-b", ""]),
    ("IS_DATE", datetime.date, [("2026-01-31", TODAY)], ["2026-02-30", "31.1.2026"]),
    ("IS_DATE_IN_RANGE", Annotated[datetime.date, between(TODAY, datetime.date(2026, 12, 31))],
     [("2026-01-31", TODAY)], ["2026-01-30", "2027-01-01"]),
    ("IS_DATETIME", datetime.datetime, [("2026-01-31T20:15:00", datetime.datetime(2026, 1, 31, 20, 15))], ["2026-01-31 25:00:00"]),  # noqa: DTZ001 -- one without a zone is meant
    ("IS_DATETIME_IN_RANGE", Annotated[datetime.datetime, between(high=datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC))],
     [("2026-01-31T20:15:00Z", datetime.datetime(2026, 1, 31, 20, 15, tzinfo=datetime.UTC))], ["2026-02-02T00:00:00Z"]),
    ("IS_DECIMAL_IN_RANGE", Annotated[Decimal, between(Decimal(1), Decimal("2.5"))], [("2.5", Decimal("2.5"))], ["2.51", "0"]),
    ("IS_EMAIL", Email, ["a@b.example"], ["a@", "a@b@c", "a@b.example\n"]),
    ("IS_EMPTY_OR", int | None, [None, 1], ["x"]),
    ("IS_EQUAL_TO", Annotated[str, equal_to("yes")], ["yes"], ["Yes", "yes "]),
    ("IS_EXPR", Annotated[int, Validates(_even)], [2], [3]),
    ("IS_FLOAT_IN_RANGE", Annotated[float, msgspec.Meta(ge=0, le=1)], [0.5], [1.1, -0.1]),
    ("IS_INT_IN_RANGE", Annotated[int, msgspec.Meta(ge=0, lt=10)], [9], [10]),
    ("IS_IN_SET", Literal["a", "b"], ["a"], ["c"]),
    ("IS_IPADDRESS", IPAddress, ["192.0.2.1", "2001:db8::1"], ["192.0.2.256", "x"]),
    ("IS_IPV4", IPv4, ["192.0.2.1"], ["192.0.2.01", "2001:db8::1"]),
    ("IS_IPV6", IPv6, ["2001:db8::1", "::"], ["192.0.2.1", "2001:::1"]),
    ("IS_JSON", Annotated[str, json_text()], ['{"a": [1]}', "1"], ["{a: 1}", "NaN", "[" * 100_000]),
    ("IS_LENGTH", Annotated[str, msgspec.Meta(min_length=2, max_length=3)], ["ab"], ["a", "abcd"]),
    ("IS_LIST_OF", list[Annotated[int, msgspec.Meta(ge=0)]], [[1, 2]], [[1, -2], 1]),
    ("IS_LIST_OF_EMAILS", list[Email], [["a@b.example"]], [["a@b.example", "b"]]),
    ("IS_LOWER", Annotated[str, Validates(str.lower)], [("ÀB", "àb")], []),
    ("IS_MATCH", Annotated[str, msgspec.Meta(pattern="^[0-9]{5}$")], ["12345"], ["1234"]),
    ("IS_NOT_EMPTY", Annotated[str, cleaned(), msgspec.Meta(min_length=1)], ["a"], ["", "  \u202e"]),
    ("IS_SLUG", Slug, ["minor-swing"], ["Minor Swing", "-a"]),
    ("IS_SLUG (made)", Annotated[str, slugged(9)], [("Là-bas, swing!", "la-bas-sw")], ["!!!"]),
    ("IS_STRONG", Annotated[str, strong(8, upper=1, lower=1, digits=1, special=1)], ["Abcdef1!"],
     ["abcdef1!", "ABCDEF1!", "Abcdefg!", "Abcdef12", "Ab1!"]),
    ("IS_TIME", datetime.time, [("20:15:00", datetime.time(20, 15))], ["25:00:00"]),
    ("IS_UPPER", Annotated[str, Validates(str.upper)], [("àb", "ÀB")], []),
    ("IS_URL", HTTPURL, ["https://example.org/a?b=c"], ["javascript:alert(1)", "example.org", "https://"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "right", "wrong"), PYDAL, ids=[one[0] for one in PYDAL])
@pytest.mark.row("W-18")
def test_what_the_validators_of_pydal_do(name: str, kind: Any, right: list[Any], wrong: list[Any]) -> None:
    for one in right:
        given, kept = one if isinstance(one, tuple) else (one, one)
        assert taken(kind, given) == kept
    for one in wrong:
        assert isinstance(taken(kind, one), ValueError), one


class Track(Struct, frozen=True):
    title: Annotated[str, cleaned()]


class Record(Struct):
    name: Annotated[str, cleaned(), Validates(str.upper)]
    password: Annotated[str, strong()] | None = None
    tracks: list[Track] = msgspec.field(default_factory=list)
    by_side: dict[str, Track] = msgspec.field(default_factory=dict)
    other: "Record | None" = None


class Node(Struct):
    inner: "Node | None" = None


@dataclass
class Place:
    city: Annotated[str, cleaned()]


class Note(TypedDict):
    text: Annotated[str, cleaned()]


def test_they_hold_in_bodies_at_any_depth_and_parameters_and_every_bad_field_is_named() -> None:
    app = App()

    @app.post("/records")
    async def add(record: Record) -> Record:
        return record

    @app.post("/places")
    async def place(place: Place) -> str:
        return place.city

    @app.post("/notes")
    async def note(note: Note) -> str:
        return note["text"]

    @app.get("/search")
    async def search(q: Query[Annotated[str, cleaned(), Validates(_no_swing)]]) -> str:
        return q

    @app.get("/day/{day}")
    async def day(day: Annotated[datetime.date, between(TODAY)]) -> str:
        return str(day)

    body = {
        "name": " a  b ",
        "tracks": [{"title": "x  y"}],
        "by_side": {"A": {"title": " z "}},
        "other": {"name": "c", "password": "correct horse battery"},
    }
    with Client(app) as client:
        made = client.post("/records", json=body).json()
        assert (made["name"], made["tracks"], made["by_side"]["A"]) == (
            "A B",
            [{"title": "x y"}],
            {"title": "z"},
        )
        assert made["other"]["name"] == "C"
        wrong = {**body, "password": "short", "other": {"name": "c", "password": "aaaaaaaaaaaaaaa"}}
        reply = client.post("/records", json=wrong)
        assert reply.status == 422
        assert {tuple(one["loc"]): one["msg"] for one in reply.json()["errors"]} == {
            ("body", "password"): "This needs: at least 12 characters.",
            ("body", "other", "password"): "This needs: several different characters.",
        }
        assert client.post("/places", json={"city": " Liberchies "}).text == "Liberchies"
        assert client.post("/notes", json={"text": " a "}).text == "a"
        assert client.get("/search?q=%20be%20%20bop").text == "be bop"
        assert client.get("/search?q=swing").status == 422
        assert client.get("/day/2026-01-31").text == "2026-01-31"
        assert client.get("/day/2026-01-30").status in (404, 422)


def _no_swing(text: str) -> str:
    if text == "swing":
        raise ValueError("No swing here.")
    return text


def test_results_are_written_as_they_are() -> None:
    app = App()
    app.get("/")(lambda: Record(" not cleaned "))

    @app.get("/typed")
    def typed() -> Record:
        return Record(" not cleaned ")

    with Client(app) as client:
        assert client.get("/typed").json()["name"] == " not cleaned "


def test_a_type_that_asks_for_nothing_is_decoded_as_before() -> None:
    from segue.core.binding.validated import validated

    make: Callable[[Any], Any] = lambda value: value  # noqa: E731 -- one that can be compared
    for kind in (int, str, list[int], dict[str, Any], Node | None, Node, Annotated[int, msgspec.Meta(ge=1)]):
        assert validated(kind, make) is make
    assert validated(Place | None, make) is not make


def test_bounds_may_be_asked_for_each_time() -> None:
    days = iter([TODAY, TODAY + datetime.timedelta(days=2)])
    kind = Annotated[datetime.date, between(lambda: next(days))]
    assert taken(kind, "2026-02-01") == datetime.date(2026, 2, 1)
    assert "at least 2026-02-02" in str(taken(kind, "2026-02-01"))


def test_messages_may_be_own_ones() -> None:
    kind = Annotated[str, strong(message="Think again.")]
    assert str(taken(kind, "x")).startswith("Think again.")

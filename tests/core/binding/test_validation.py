"""Every bad field of a JSON value is named, however it is nested."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import Meta, Struct

from segue.core.binding.validation import problems


class Person(Struct, rename="camel"):
    first_name: str
    age: Annotated[int, Meta(ge=0)] = 0


class Strict(Struct, forbid_unknown_fields=True):
    a: int = 1


class Cat(Struct, tag="cat"):
    lives: int


class Dog(Struct, tag="dog"):
    tricks: list[str]


class Range(Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


@dataclass
class Reel:
    number: int
    frames: list[int] = field(default_factory=list)


class Caption(TypedDict):
    text: str
    lang: NotRequired[Literal["en", "de"]]


class Film(Struct):
    title: Annotated[str, Meta(max_length=5)]
    director: Person
    cast: list[Person] = []
    reels: dict[str, Reel] = {}
    caption: Caption | None = None
    pet: Cat | Dog | None = None
    size: tuple[int, str] = (1, "a")
    pairs: tuple[int, ...] = ()
    range: Range | None = None
    strict: Strict | None = None
    parent: "Film | None" = None
    tags: Annotated[list[str], Meta(max_length=2)] = []


def told(value: Any, kind: Any = Film) -> dict[tuple[str | int, ...], str]:
    return {tuple(problem["loc"]): problem["msg"] for problem in problems(value, kind)}


def test_each_bad_field_of_nested_values_is_named() -> None:
    value = {
        "title": "too long",
        "director": {"firstName": 1, "age": -1},
        "cast": [{"firstName": "a"}, {}, "x", {"firstName": "b", "age": "old"}],
        "reels": {"a": {"number": 1, "frames": [1, "x", None]}, "b": {}},
        "caption": {"lang": "fr"},
        "pet": {"type": "dog", "tricks": ["sit", 5]},
        "size": [1, 2],
        "pairs": [1, "x", 3],
        "range": {"low": 2, "high": 1},
        "strict": {"a": "x", "b": 1},
        "parent": {"title": 5},
        "tags": ["a", "b", "c"],
    }
    assert told(value) == {
        ("title",): "Expected `str` of length <= 5",
        ("director", "firstName"): "Expected `str`, got `int`",
        ("director", "age"): "Expected `int` >= 0",
        ("cast", 1, "firstName"): "is missing",
        ("cast", 2): "Expected `object`, got `str`",
        ("cast", 3, "age"): "Expected `int`, got `str`",
        ("reels", "a", "frames", 1): "Expected `int`, got `str`",
        ("reels", "a", "frames", 2): "Expected `int`, got `null`",
        ("reels", "b", "number"): "is missing",
        ("caption", "text"): "is missing",
        ("caption", "lang"): "Invalid enum value 'fr'",
        ("pet", "tricks", 1): "Expected `str`, got `int`",
        ("size", 1): "Expected `str`, got `int`",
        ("pairs", 1): "Expected `int`, got `str`",
        ("range",): "low is above high",
        ("strict", "a"): "Expected `int`, got `str`",
        ("strict", "b"): "is not a field here",
        ("parent", "title"): "Expected `str`, got `int`",
        ("parent", "director"): "is missing",
        ("tags",): "Expected `array` of length <= 2",
    }


@pytest.mark.parametrize(
    ("value", "kind", "places"),
    [
        ([], Film, {()}),
        (None, Film, {()}),
        ({"type": "cow"}, Cat | Dog, {()}),
        ({}, Cat | Dog, {()}),
        ({"lives": 1}, Cat | Dog, {()}),
        ([1], tuple[int, int], {()}),
        ({"x": 1}, dict[int, int], {("x",)}),
        ({"1": "x"}, dict[int, int], {("1",)}),
        ("x", int | None, {()}),
        ([["a"], [1]], list[list[int]], {(0, 0)}),
        (["a", 1], set[int], {(0,)}),
        ([{"a": 1}], list[dict[str, int] | int], set()),
        ([{"a": "x"}], list[dict[str, int] | int], {(0, "a")}),
        ([1, "x"], list[int] | None, {(1,)}),
    ],
)
def test_where_it_is_told(value: Any, kind: Any, places: set[tuple[str | int, ...]]) -> None:
    assert set(told(value, kind)) == places


def test_there_are_at_most_a_hundred() -> None:
    assert len(problems(["x"] * 10_000, list[int])) == 100


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["title", "director", "firstName", "age", "cast", "pet", "type", "lives", "size", "low"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_there_are_problems_exactly_when_msgspec_refuses(value: Any) -> None:
    try:
        msgspec.convert(value, Film, str_keys=True)
        valid = True
    except msgspec.ValidationError:
        valid = False
    assert (problems(value, Film) == []) is valid

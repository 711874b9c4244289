import asyncio
import typing
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given, strategies as st

from segue.http.sse import PING, Event, EventStream, encode_event, is_event_stream


class Price(msgspec.Struct):
    name: str
    cents: int


@pytest.mark.parametrize(
    ("item", "sent"),
    [
        ("hello", b"data: hello\n\n"),
        ("two\nlines", b"data: two\ndata: lines\n\n"),
        ("a\r\nb\rc\n", b"data: a\ndata: b\ndata: c\ndata: \n\n"),
        ("", b"data: \n\n"),
        (" x", b"data:  x\n\n"),
        ("a\u2028b\x85c", "data: a\u2028b\x85c\n\n".encode()),
        ({"n": 1}, b'data: {"n":1}\n\n'),
        ({"s": "a\nb"}, b'data: {"s":"a\\nb"}\n\n'),
        (None, b"data: null\n\n"),
        (7, b"data: 7\n\n"),
        (Price("tea", 250), b'data: {"name":"tea","cents":250}\n\n'),
        (Event(data="x", event="add", id="7", retry=500), b"event: add\nid: 7\nretry: 500\ndata: x\n\n"),
        (Event(comment="a\nb"), b": a\n: b\n\n"),
        (Event(id=""), b"id: \n\n"),
        (Event(data=[]), b"data: []\n\n"),
    ],
)
def test_the_bytes_of_an_event(item: object, sent: bytes) -> None:
    assert encode_event(item) == sent


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "7\n\ndata: injected"])
@pytest.mark.parametrize("field", ["event", "id"])
def test_nothing_can_split_an_event(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"the {field} of an event"):
        Event(**{field: text})


def test_retry_is_not_in_the_past() -> None:
    with pytest.raises(ValueError, match="retry"):
        Event(retry=-1)


def test_data_that_is_nothing_to_send() -> None:
    with pytest.raises(TypeError):
        encode_event(object())


def receive(stream: bytes) -> list[tuple[str, str, str]]:
    """The events that a browser fires, by WHATWG HTML 9.2.6: type, data, last id."""
    fired: list[tuple[str, str, str]] = []
    kind, data, last_id = "", "", ""
    text = stream.decode().replace("\r\n", "\n").replace("\r", "\n")
    for line in text.split("\n"):
        if not line:
            if data:
                fired.append((kind or "message", data.removesuffix("\n"), last_id))
            kind, data = "", ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id":
            last_id = value
    return fired


LINES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(LINES, min_size=1), LINES, LINES, st.text(st.characters(exclude_categories=["Cs"])))
def test_a_browser_receives_what_was_sent(lines: list[str], event: str, id: str, comment: str) -> None:
    data = "\n".join(lines)
    stream = encode_event(Event(data=data, event=event, id=id, comment=comment)) + PING
    assert receive(stream) == [(event, data, id)]


@pytest.mark.parametrize("unit", ["\n", "\r", "\r\n", "a"])
def test_time_is_linear(linear, unit: str) -> None:
    linear(encode_event, lambda n: unit * n, n=100_000)


def test_it_annotates_an_async_generator() -> None:
    async def ticker() -> EventStream[int]:
        yield 1
        yield 2

    async def collect() -> list[int]:
        return [item async for item in ticker()]

    assert asyncio.run(collect()) == [1, 2]
    assert is_event_stream(typing.get_type_hints(ticker, include_extras=True)["return"])
    assert is_event_stream(EventStream)
    assert not is_event_stream(AsyncIterator[int])
    assert not is_event_stream(int)

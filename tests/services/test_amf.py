"""Calls by AMF, from another implementation of it, and what is made to do harm."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime
from typing import Any

import pyamf
import pyamf.remoting as other
import pytest
from hypothesis import given, strategies as st
from pyamf.flex import ArrayCollection, messaging

from segue.services.amf import AMFError, Reader, write_value
from segue.testing import Client

AMF = {"content-type": "application/x-amf"}

# What the other implementation loads when it first writes an object.
pytestmark = pytest.mark.filterwarnings("ignore:defusedxml:DeprecationWarning")


def call(client: Client, target: str, *arguments: Any, version: int = 3) -> Any:
    """What another implementation reads of the reply to its call."""
    packet = other.Envelope(amfVersion=version)
    packet["/1"] = other.Request(target, list(arguments), envelope=packet)
    reply = client.post("/call/amf", content=other.encode(packet).getvalue(), headers=AMF)
    assert (reply.status, reply.content_type) == (200, "application/x-amf")
    return other.decode(reply.content)["/1"]


@pytest.mark.parametrize("version", [0, 3])
def test_calls_of_a_net_connection(client: Client, version: int) -> None:
    def ask(target: str, *arguments: Any) -> Any:
        return call(client, target, *arguments, version=version)

    assert ask("add", 1, 2).body == 3
    assert ask("shop.add", 1).body == 1
    assert ask("math.product", [2, 3, 7]).body == 42
    order = ask("order", {"number": 7, "lines": [{"item": "tea", "count": 2}]}, "large").body
    assert (order["number"], order["note"], order["lines"][0]["item"]) == (7, "large", "tea")
    assert ask("nothing").body is None
    assert ask("greet", "Django").body == "The tea shop greets Django"
    moment = datetime(2026, 11, 20, 7, 30, tzinfo=UTC).replace(tzinfo=None)
    shifted = ask("shift", date(2026, 11, 20), moment, "1.50", pyamf.amf3.ByteArray(b"raw"), True).body
    assert list(shifted) == ["2026-11-20", "2026-11-20T07:30:00+00:00", "1.50", "raw", "True"]


def test_faults_are_told_and_what_nobody_foresaw_is_not(client: Client, caplog: Any) -> None:
    closed = call(client, "closed")
    assert closed.status == other.STATUS_ERROR
    assert (closed.body.code, closed.body.description) == ("7", "the account is closed")
    assert closed.body.details == {"since": 2020}
    assert call(client, "missing").body.code == "-32601"
    assert "b: Expected `int`" in call(client, "add", 1, "x").body.description
    assert "secret" not in call(client, "broken").body.description
    assert call(client, "taken").body.code == "409"


def test_messages_of_a_remote_object(client: Client) -> None:
    def send(message: Any) -> Any:
        return call(client, "null", message)

    ping = send(messaging.CommandMessage(operation=5, messageId="A", body={}))
    assert type(ping.body).__name__ == "AcknowledgeMessage"
    reply = send(
        messaging.RemotingMessage(operation="add", destination="shop", body=[1, 2], messageId="B")
    ).body
    assert (reply.body, reply.correlationId) == (3, "B")
    listed = send(
        messaging.RemotingMessage(operation="product", destination="math", body=[ArrayCollection([2, 3])])
    ).body
    assert listed.body == 6
    fault = send(messaging.RemotingMessage(operation="closed", body=[], messageId="C"))
    assert fault.status == other.STATUS_ERROR
    assert (fault.body.faultCode, fault.body.faultString) == ("7", "the account is closed")
    assert send(messaging.CommandMessage(operation=0)).status == other.STATUS_ERROR


@pytest.mark.parametrize("amf3", [False, True])
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", min_size=1), inner),
        max_leaves=20,
    )
)
def test_what_is_written_is_read_again_here_and_elsewhere(amf3: bool, value: Any) -> None:
    data = write_value(value, amf3=amf3)
    assert Reader(data).value() == value
    assert next(pyamf.decode(data, encoding=pyamf.AMF0)) == value


@pytest.mark.parametrize(
    "value",
    [
        "film" * 30_000,
        ["a", "a", {"a": "a"}] * 2000,
        -(2**28),
        2**28,
        2**28 - 1,
        -1,
        0x7F,
        0x80,
        0x3FFF,
        0x4000,
        0x1FFFFF,
        0x200000,
    ],
)
def test_what_another_implementation_writes_is_read(value: Any) -> None:
    for encoding in (pyamf.AMF0, pyamf.AMF3):
        data = pyamf.encode(value, encoding=encoding).getvalue()
        assert Reader(b"\x11" + data if encoding == pyamf.AMF3 else data).value() == value


def test_an_object_that_is_there_twice_is_read_twice() -> None:
    line = {"item": "tea"}
    data = pyamf.encode([line, line], encoding=pyamf.AMF3).getvalue()
    assert Reader(b"\x11" + data).value() == [line, line]
    assert Reader(pyamf.encode([line, line], encoding=pyamf.AMF0).getvalue()).value() == [line, line]


# --- what is made to do harm -----------------------------------------------------------------------------------------


def doubling(levels: int) -> bytes:
    """Lists of two references to the one before: a few bytes for 2 ** levels values."""
    # [ [..], ref, ref ] : each list holds the next level first, then refers to it.
    data = b"\x09\x01\x01"
    for _ in range(levels):
        data = b"\x09" + bytes([3 << 1 | 1]) + b"\x01" + data + b"\x09\x02\x09\x02"
    return b"\x11" + data


def many(count: int) -> bytes:
    """The number of items of a list of AMF3."""
    number = count << 1 | 1
    return bytes([number >> 7 | 0x80, number & 0x7F]) if number < 0x4000 else b""


def text(count: int) -> bytes:
    return many(count) + b"x" * count


def array_within_itself() -> bytes:
    return b"\x11\x09\x03\x01\x09\x00"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02\xff\xffx",
        b"\x0c\xff\xff\xff\xffx",
        b"\x0a\xff\xff\xff\xff",
        b"\x0a\x00\x00\x00\x01" * 5000 + b"\x05",
        b"\x03\x00\x01a" * 5000,
        b"\x11" + b"\x09\x03\x01" * 5000 + b"\x01",
        b"\x11\x09\xff\xff\xff\xff\x01",
        b"\x11\x0a\xff\xff\xff\xf3",
        b"\x11\x0a\x01",
        b"\x11\x0a\x21",
        b"\x11\x06\x10",
        b"\x11\x06\x05\xff\xfe",
        b"\x11\x0c\xff\xff\xff\xff",
        b"\x11\x08\x01\x7f\xf0\x00\x00\x00\x00\x00\x00",
        b"\x0b\x7f\xf8\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x11\x0a\x07\x0bClass",
        b"\x11\x0d\x01",
        b"\x0f\x00\x00\x00\x01x",
        b"\x07\x00\x00",
        b"\x03\x00\x01a\x07\x00\x00\x00\x00\x09",
        array_within_itself(),
        doubling(40),
        b"\x11\x09" + many(5000) + b"\x01\x06" + text(8000) + b"\x06\x00" * 5000,
        b"\x11\x09" + many(5000) + b"\x01\x0c" + text(8000) + b"\x0c\x02" * 5000,
        b"\x11\x09" + many(5000) + b"\x01\x09\x03\x01\x06" + text(8000) + b"\x09\x02" * 5000,
        b"\x0a\x00\x01\x86\xa1" + b"\x05" * 100_001,
    ],
)
def test_what_is_no_value_or_too_much_is_an_error_at_once(data: bytes) -> None:
    with pytest.raises(AMFError):
        Reader(data).value()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_an_error(data: bytes) -> None:
    for start in (b"", b"\x11", b"\x0a\x00\x00\x00\x02\x11"):
        try:
            Reader(start + data).value()
        except AMFError:
            pass


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\x07\x00\x00\x00\x00",
        b"\x00\x03\x00\x00\xff\xff",
        b"\x00\x03\xff\xff",
        b"\x00\x03\x00\x00\x00\x01\x00\x03add\x00\x02/1\x00\x00\x00\x00" + doubling(40),
    ],
)
def test_a_packet_that_is_none_is_a_400(client: Client, body: bytes) -> None:
    assert client.post("/call/amf", content=body, headers=AMF).status == 400


def test_only_amf_is_a_packet_so_no_form_of_another_site_sends_one(client: Client) -> None:
    packet = struct.pack(">HHH", 3, 0, 0)
    assert client.post("/call/amf", content=packet, headers=AMF).content == packet
    assert client.post("/call/amf", content=packet, headers={"content-type": "text/plain"}).status == 415

import pytest
from hypothesis import given, strategies as st

from segue.http.errors import RangeNotSatisfiable
from segue.http.ranges import MAX_RANGES, ByteRanges, content_range, parse_range


@pytest.mark.parametrize(
    ("field", "ranges"),
    [
        ("bytes=0-99", [(0, 100)]),
        ("bytes=0-0", [(0, 1)]),
        ("bytes=500-", [(500, 1000)]),
        ("bytes=-10", [(990, 1000)]),
        ("bytes=-5000", [(0, 1000)]),
        ("bytes=0-99999", [(0, 1000)]),
        ("Bytes = 1-2 , 5-6", [(1, 3), (5, 7)]),
        ("bytes=500-599,0-99", [(500, 600), (0, 100)]),
        ("bytes=0-99,100-199", [(0, 200)]),
        ("bytes=0-1,5000-6000", [(0, 2)]),
        ("bytes=0-1,,3-4", [(0, 2), (3, 5)]),
        ("bytes=-0,0-0", [(0, 1)]),
    ],
)
def test_ranges_are_read(field: str, ranges: list[tuple[int, int]]) -> None:
    assert parse_range(field, 1000) == ranges


@pytest.mark.parametrize(
    "field",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=5-1",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=1_0-20",
        "bytes=\u0660-\u0669",
        "bytes=0-1\n",
        "bytes=1-2-3",
        "bytes=--1",
        "lines=0-1",
        "bytes=" + "9" * 5000 + "-",
        "bytes=" + "0-0," * 10_000,
        "bytes=0-0,5-1",
        "bytes=0-99,50-199,199-",
        "bytes=0-,0-",
        "bytes=5-9,-999",
    ],
)
def test_what_is_not_a_range_is_ignored(field: str) -> None:
    assert parse_range(field, 1000) is None


@pytest.mark.parametrize(
    ("field", "size"), [("bytes=1000-", 1000), ("bytes=-0", 1000), ("bytes=0-", 0), ("bytes=-5", 0)]
)
def test_what_lies_outside_is_416(field: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        parse_range(field, size)
    assert caught.value.status == 416
    assert caught.value.headers["content-range"] == f"bytes */{size}"


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)).map(sorted), min_size=1, max_size=MAX_RANGES)
)
def test_a_reply_is_never_longer_than_the_whole(pairs: list[list[int]]) -> None:
    wanted = [at for first, last in pairs for at in range(first, last + 1)]
    ranges = parse_range("bytes=" + ",".join(f"{first}-{last}" for first, last in pairs), 100)
    if len(set(wanted)) < len(wanted):
        assert ranges is None
    else:
        assert ranges is not None
        sent = [at for start, stop in ranges for at in range(start, stop)]
        assert sorted(sent) == sorted(wanted)


@pytest.mark.parametrize("unit", ["0-0,", "-", ",", "9", " ", "0-0,-"])
def test_time_is_linear(linear, unit: str) -> None:
    linear(lambda field: parse_range(field, 1000), lambda n: "bytes=" + unit * n)
    linear(lambda field: parse_range(field, 1000, max_ranges=10_000_000), lambda n: "bytes=" + unit * n)


def test_several_parts_are_framed() -> None:
    frame = ByteRanges([(0, 2), (8, 10)], size=10, content_type="text/plain", boundary="b")
    assert frame.content_type == "multipart/byteranges; boundary=b"
    data = b"0123456789"
    body = b"".join(
        head + data[start:stop] for head, (start, stop) in zip(frame.heads, frame.ranges, strict=True)
    )
    body += frame.tail
    assert body == (
        b"\r\n--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
        b"\r\n--b\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--b--\r\n"
    )
    assert frame.length == len(body)


def test_boundaries_are_not_to_be_guessed() -> None:
    one, other = (ByteRanges([(0, 1)], size=1, content_type="a/b") for _ in range(2))
    assert one.content_type != other.content_type
    assert content_range(0, 1, 1) == "bytes 0-0/1"

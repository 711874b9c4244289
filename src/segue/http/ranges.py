"""Range requests: the `Range` field and the parts of a `multipart/byteranges` reply (RFC 9110, section 14)."""

import os
import re
from collections.abc import Sequence

from segue.http.errors import RangeNotSatisfiable

__all__ = ["MAX_RANGES", "ByteRanges", "content_range", "parse_range"]

MAX_RANGES = 8
"""More ranges in one request than a player or a download manager asks for: the field is ignored."""

# 19 digits hold any size of file; a longer number is not one.
_range = re.compile(r"[ \t]*([0-9]{0,19})-([0-9]{0,19})[ \t]*").fullmatch


def parse_range(field: str, size: int, *, max_ranges: int = MAX_RANGES) -> list[tuple[int, int]] | None:
    """The parts of a representation of `size` bytes that a `Range` field asks for, as (start, stop) pairs.

    ::

        parse_range("bytes=0-99,-10", 1000)    # [(0, 100), (990, 1000)]

    Ranges that touch become one. `None` means that the field is to be ignored and the whole sent with 200: another
    unit, a malformed field, an inverted range, ranges that overlap, more than `max_ranges`. So a reply is never
    longer than the whole, and nobody gets the same bytes twice for one request.

    Raises `RangeNotSatisfiable` (416) when no range lies within the representation.
    """
    unit, equals, ranges = field.partition("=")
    if not equals or unit.strip(" \t").lower() != "bytes" or ranges.count(",") >= max_ranges:
        return None
    found: list[tuple[int, int]] = []
    for piece in ranges.split(","):
        if not piece.strip(" \t"):
            continue
        match = _range(piece)
        if match is None or match[1] == match[2] == "":
            return None
        if match[1] == "":
            start, stop = max(size - int(match[2]), 0), size
        else:
            start, stop = int(match[1]), size
            if match[2] != "":
                last = int(match[2])
                if last < start:
                    return None
                stop = min(last + 1, size)
        found.append((start, stop))
    if not found:
        return None
    satisfiable = [(start, stop) for start, stop in found if start < stop]
    if not satisfiable:
        raise RangeNotSatisfiable(f"the representation has {size} bytes", size=size)
    return _coalesce(satisfiable)


def _coalesce(ranges: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
    """One range for those that touch; in the order of the request when there are none. None when two overlap."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if merged and start < merged[-1][1]:
            return None
        if merged and start == merged[-1][1]:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return ranges if len(merged) == len(ranges) else merged


def content_range(start: int, stop: int, size: int) -> str:
    """The `Content-Range` field of a part from `start` up to, not including, `stop`."""
    return f"bytes {start}-{stop - 1}/{size}"


class ByteRanges:
    """The frame of a reply with several ranges: what to write before each part, after the last, and how much.

    ::

        frame = ByteRanges([(0, 100), (990, 1000)], size=1000, content_type="text/plain")
        response.headers["content-type"] = frame.content_type
        response.headers["content-length"] = str(frame.length)
        for index, (start, stop) in enumerate(frame.ranges):
            yield frame.heads[index]
            yield data[start:stop]
        yield frame.tail

    `boundary` is random unless it is given: it must not occur in the content.
    """

    __slots__ = ("content_type", "heads", "length", "ranges", "tail")

    def __init__(
        self, ranges: Sequence[tuple[int, int]], *, size: int, content_type: str, boundary: str = ""
    ) -> None:
        boundary = boundary or os.urandom(16).hex()
        self.ranges = list(ranges)
        #: The media type of the reply.
        self.content_type = f"multipart/byteranges; boundary={boundary}"
        #: What stands before each part: its boundary and header fields.
        self.heads = [
            (
                f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
                f"Content-Range: {content_range(start, stop, size)}\r\n\r\n"
            ).encode("latin-1")
            for start, stop in self.ranges
        ]
        #: What stands after the last part.
        self.tail = f"\r\n--{boundary}--\r\n".encode("latin-1")
        #: The size of the whole body in bytes.
        self.length = (
            sum(map(len, self.heads)) + sum(stop - start for start, stop in self.ranges) + len(self.tail)
        )

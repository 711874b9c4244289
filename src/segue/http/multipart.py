"""Multipart bodies: read part by part as they arrive, and written (RFC 7578, RFC 2046 section 5.1).

The bytes are taken apart by the push parser of the `multipart` library; here are the rules that a web
framework wants on top. This module is loaded with the first multipart body.
"""

import os
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator

from multipart import MultipartError, MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]  # the library has no types

from segue.http.errors import ContentTooLarge, UnsupportedMediaType
from segue.http.form_limits import MAX_PART_HEADER_SIZE, MAX_PART_HEADERS, FormLimits
from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict
from segue.http.parameters import parse_header

__all__ = ["MultipartWriter", "Part", "PartParser", "StreamedPart", "iter_parts"]

MAX_DEPTH = 3

# RFC 2046 5.1.1; also why a boundary cannot be long.
_boundary = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]").fullmatch
_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_IDENTITY = ("", "7bit", "8bit", "binary")


class Part:
    """The head of a part.

    - `name`: of the form's field. `filename`: `None` if the part is no file; as the client sent it.
    - `content_type`: in lower case, without parameters; `text/plain` if the part does not say.
    - `params`: the parameters of the content type. `headers`: all header fields, by lower-case name.
    """

    __slots__ = ("content_type", "filename", "head_size", "headers", "name", "params")

    def __init__(self, fields: list[tuple[str, str]], *, is_form: bool) -> None:
        #: Bytes of names and values of its header.
        self.head_size = sum(len(name) + len(value) for name, value in fields)
        self.headers = MultiDict([(name.lower(), value) for name, value in fields])
        if any(_control(value) for _, value in fields):
            raise Malformed("a header of a part contains a control character")
        for once in ("content-disposition", "content-type", "content-transfer-encoding"):
            if len(self.headers.get_all(once)) > 1:
                raise Malformed("a header of a part comes twice")
        if self.headers.get("content-transfer-encoding", "").strip(" \t").lower() not in _IDENTITY:
            raise Malformed("a part is encoded for mail, which forms do not do (RFC 7578, section 4.7)")
        disposition, named = parse_header(self.headers.get("content-disposition", ""), as_browsers_do=True)
        if is_form and (disposition != "form-data" or "name" not in named):
            raise Malformed("a part of a form does not say which field it is")
        self.name: str = named.get("name", "")
        self.filename: str | None = named.get("filename")
        self.content_type, self.params = parse_header(self.headers.get("content-type", "text/plain"))


class _PushParser(PushMultipartParser):  # type: ignore[misc] # the library has no types
    """Leaves the meaning of a part's header to `Part`: the library would demand a form."""

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        segment = MultipartSegment([])
        segment.headerlist = headerlist
        return segment


class PartParser:
    """Takes a multipart body apart as it comes; the same events, however the bytes are split.

    `feed` yields a `Part`, then pieces of its content, then `None` for its end. Before the first boundary only
    line ends may stand; what follows the last one is read over.

    Raises `UnsupportedMediaType` for a content type that is not multipart, `Malformed` for one without a usable
    boundary; `feed` and `finish` raise `Malformed` for the first thing that is wrong.
    """

    __slots__ = ("_before", "_is_form", "_opening", "_parser", "_started")

    def __init__(self, content_type: str) -> None:
        media_type, params = parse_header(content_type)
        boundary = params.get("boundary", "")
        if not media_type.startswith("multipart/"):
            raise UnsupportedMediaType("A multipart body is expected, for example multipart/form-data.")
        if not _boundary(boundary):
            raise Malformed("the boundary of a multipart body is missing, too long or not one of RFC 2046")
        # Number and size of the parts are limited by who uses them. The strict mode of the library is not used:
        # what it refuses depends on how the bytes are split.
        self._parser = _PushParser(
            boundary, max_header_size=MAX_PART_HEADER_SIZE, max_header_count=MAX_PART_HEADERS
        )
        self._is_form = media_type == "multipart/form-data"
        self._opening = b"--" + boundary.encode("ascii")
        self._before = b""
        self._started = False

    def feed(self, piece: bytes) -> Iterator[Part | bytes | None]:
        """The events of the next piece of the body. To be read to the end before the next piece."""
        if not piece:
            return
        if not self._started:
            # Held back until it is long enough to tell: at most the length of a boundary.
            piece = self._before + piece if self._before else piece.lstrip(b"\r\n")
            if len(piece) < len(self._opening):
                self._before = piece
                return
            if not piece.startswith(self._opening):
                raise Malformed("a multipart body does not start with its boundary")
            self._started = True
        try:
            for event in self._parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    yield Part(event.headerlist, is_form=self._is_form)
                else:
                    yield event
        except MultipartError as error:
            raise Malformed(f"a multipart body is malformed: {error.args[0]}") from None

    def finish(self) -> None:
        """Says that the body has ended. Raises `Malformed` if its last boundary has not come."""
        try:
            self._parser.close()
        except MultipartError:
            raise Malformed("a multipart body ends before its last boundary") from None


class StreamedPart:
    """A part whose content is read as it arrives: `async for piece in part`, or `await part.read()`.

    `head` has its name, file name, content type and header fields. What is not read is skipped.
    """

    __slots__ = ("_depth", "_events", "_limits", "_open", "_size", "head")

    def __init__(
        self, head: Part, events: AsyncIterator[Part | bytes | None], limits: FormLimits, depth: int
    ) -> None:
        self.head = head
        self._events = events
        self._limits = limits
        self._depth = depth
        self._size = 0
        self._open = True

    def __aiter__(self) -> "StreamedPart":
        return self

    async def __anext__(self) -> bytes:
        if self._open:
            event = await anext(self._events)
            if isinstance(event, bytes):
                self._size += len(event)
                limit = self._limits.file_size
                if limit is not None and self._size > limit:
                    raise ContentTooLarge(f"A part of the body has more than {limit} bytes.")
                return event
            self._open = False
        raise StopAsyncIteration

    async def read(self, max_size: int | None = None) -> bytes:
        """The rest of the content. Raises `ContentTooLarge` past `max_size` bytes, else `field_size` of the limits."""
        limit = self._limits.field_size if max_size is None else max_size
        pieces: list[bytes] = []
        size = 0
        async for piece in self:
            size += len(piece)
            if size > limit:
                raise ContentTooLarge(f"A part of the body has more than {limit} bytes.")
            pieces.append(piece)
        return b"".join(pieces)

    async def text(self) -> str:
        """The rest of the content as UTF-8. Raises `Malformed` if it is not."""
        try:
            return (await self.read()).decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed("a part of the body is not valid UTF-8") from None

    def parts(self) -> "AsyncIterator[StreamedPart]":
        """The parts inside of this one, if it is itself multipart (`multipart/mixed`)."""
        content_type = self.head.headers.get("content-type", "")
        return _iter_parts(self, content_type, self._limits, self._depth + 1)


def iter_parts(
    chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits | None = None
) -> AsyncIterator[StreamedPart]:
    """The parts of a multipart body one by one, of any size, without keeping them.

    ::

        async for part in iter_parts(request.stream(), request.headers["content-type"]):
            async for piece in part:
                digest.update(piece)

    Of `limits` count the number of parts (`fields` and `files` together), `file_size` for each, and `field_size`
    for `part.read()`. Parts may be multipart themselves (`part.parts()`), three deep.

    Raises `UnsupportedMediaType` (415), `Malformed` (400), `ContentTooLarge` (413).
    """
    return _iter_parts(chunks, content_type, limits or FormLimits(), 1)


async def _iter_parts(
    chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits, depth: int
) -> AsyncIterator[StreamedPart]:
    if depth > MAX_DEPTH:
        raise Malformed(f"multipart bodies are nested more than {MAX_DEPTH} deep")
    events = _events(chunks, PartParser(content_type))
    count = 0
    async for event in events:
        if not isinstance(event, Part):
            continue
        count += 1
        if count > limits.fields + limits.files:
            raise Malformed(f"the body has more than {limits.fields + limits.files} parts")
        part = StreamedPart(event, events, limits, depth)
        yield part
        async for _ in part:
            pass


async def _events(chunks: AsyncIterable[bytes], parser: PartParser) -> AsyncIterator[Part | bytes | None]:
    async for chunk in chunks:
        for event in parser.feed(chunk):
            yield event
    parser.finish()


class MultipartWriter:
    """Writes a multipart body, as a browser sends a form.

    ::

        form = MultipartWriter()
        form.field("title", "Nuages")
        form.file("score", "nuages.pdf", data, content_type="application/pdf")
        client.post("/scores", content=form.body(), headers={"content-type": form.content_type})

    `boundary` is random unless it is given; `subtype` is `mixed` for a body that is no form.
    """

    __slots__ = ("_pieces", "boundary", "content_type")

    def __init__(self, *, subtype: str = "form-data", boundary: str = "") -> None:
        self.boundary = boundary or "segue-" + os.urandom(16).hex()
        if not _boundary(self.boundary):
            raise ValueError("a boundary is 1 to 70 letters, digits, or any of '()+_,-./:=? inside")
        self.content_type = f'multipart/{subtype}; boundary="{self.boundary}"'
        self._pieces: list[bytes] = []

    def field(self, name: str, value: str) -> None:
        """Adds a field that is text."""
        self.part({"Content-Disposition": f'form-data; name="{_form_quote(name)}"'}, value.encode("utf-8"))

    def file(
        self, name: str, filename: str, content: bytes, content_type: str = "application/octet-stream"
    ) -> None:
        """Adds a field that is a file."""
        disposition = f'form-data; name="{_form_quote(name)}"; filename="{_form_quote(filename)}"'
        self.part({"Content-Disposition": disposition, "Content-Type": content_type}, content)

    def part(self, headers: dict[str, str], content: bytes) -> None:
        """Adds a part with these header fields. Raises `ValueError` for control characters in them."""
        lines = [f"--{self.boundary}"]
        for name, value in headers.items():
            if _control(name) or _control(value) or ":" in name:
                raise ValueError(f"not a header of a part: {name[:80]!r}: {value[:80]!r}")
            lines.append(f"{name}: {value}")
        self._pieces += ("\r\n".join(lines).encode("utf-8"), b"\r\n\r\n", content, b"\r\n")

    def body(self) -> bytes:
        """All parts with the closing boundary."""
        return b"".join([*self._pieces, f"--{self.boundary}--\r\n".encode("ascii")])


def _form_quote(text: str) -> str:
    # WHATWG HTML, "multipart/form-data encoding algorithm".
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")

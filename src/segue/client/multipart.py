"""Forms with files as they are sent (RFC 7578): in memory if all of it is, otherwise read while it is sent."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from segue.client.options import Content, FileSource

__all__ = ["FormBody"]

_PIECE = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class FormBody:
    """The fields and files of a form. ``content_type`` has the boundary, which is chosen by chance.

    Raises ValueError for names, file names and types with control characters: they would end their line.
    """

    def __init__(
        self,
        data: Mapping[str, object] | Iterable[tuple[str, object]],
        files: Mapping[str, FileSource] | Iterable[tuple[str, FileSource]],
    ) -> None:
        boundary = "segue-" + os.urandom(16).hex()
        self.content_type = f'multipart/form-data; boundary="{boundary}"'
        self._boundary = boundary.encode()
        self._parts: list[tuple[bytes, bytes | BinaryIO]] = []
        for name, value in _pairs(data):
            self._add(_disposition(name), "" if value is None else value)
        for name, source in _pairs(files):
            filename, content, kind = _file(name, cast(FileSource, source))
            head = f'{_disposition(name)}; filename="{_quoted(filename, "file name")}"'
            self._add(f"{head}\r\nContent-Type: {_quoted(kind, 'content type')}", content)

    def _add(self, head: str, content: object) -> None:
        if not isinstance(content, bytes) and not hasattr(content, "read"):
            content = str(content).encode()
        self._parts.append((head.encode(), cast("bytes | BinaryIO", content)))

    def content(self) -> Content:
        """The body: bytes if nothing of it is a file that is open."""
        if all(isinstance(content, bytes) for _, content in self._parts):
            return b"".join(self._whole())
        return self._read()

    def _whole(self) -> Iterator[bytes]:
        for head, content in self._parts:
            yield self._begin(head)
            yield cast(bytes, content)
            yield b"\r\n"
        yield b"--" + self._boundary + b"--\r\n"

    async def _read(self) -> AsyncIterator[bytes]:
        for head, content in self._parts:
            yield self._begin(head)
            if isinstance(content, bytes):
                yield content
            else:  # a disk may be slow: the loop does not wait for it
                while piece := await asyncio.to_thread(content.read, _PIECE):
                    yield piece
            yield b"\r\n"
        yield b"--" + self._boundary + b"--\r\n"

    def _begin(self, head: bytes) -> bytes:
        return b"--%b\r\nContent-Disposition: %b\r\n\r\n" % (self._boundary, head)


def _disposition(name: str) -> str:
    return f'form-data; name="{_quoted(name, "name")}"'


def _quoted(text: str, what: str) -> str:
    if not isinstance(text, str) or _CONTROL.search(text):
        raise ValueError(f"a {what} of a form has no control characters: {text!r:.80}")
    return text.replace('"', "%22")


def _pairs(values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterator[tuple[str, object]]:
    pairs = cast("Mapping[str, Any]", values).items() if isinstance(values, Mapping) else values
    for name, value in pairs:
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _file(name: str, source: FileSource) -> tuple[str, bytes | BinaryIO, str]:
    if isinstance(source, tuple):
        filename, content, *kind = source
        return filename, content, kind[0] if kind else "application/octet-stream"
    filename = name if isinstance(source, bytes) else os.path.basename(str(getattr(source, "name", name)))  # noqa: PTH119 -- text, no path is touched
    return filename, source, "application/octet-stream"

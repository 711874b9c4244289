"""What a client call says (params, json, data, files, content) as the head and body of one request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, TypeAlias, TypedDict, cast

import msgspec

from segue.http.headers import HeaderSource, MutableHeaders, RawHeaders
from segue.http.multipart import MultipartWriter
from segue.http.url import URL, QueryValues, encode_query

__all__ = ["Content", "FileContent", "FileSource", "Outgoing", "RequestOptions", "outgoing", "resolve"]

Content: TypeAlias = bytes | str | Iterable[bytes] | AsyncIterable[bytes]
"""A body: in memory, or pieces that are sent one by one (chunked)."""
FileContent: TypeAlias = bytes | str | BinaryIO
FileSource: TypeAlias = FileContent | tuple[str, FileContent] | tuple[str, FileContent, str]
"""A file of a form: its content, or (file name, content), or (file name, content, content type)."""

_END = object()


class RequestOptions(TypedDict, total=False):
    """What every method of a client takes beside the URL.

    - `params`: added to the query. `headers`, `cookies`: for this request, beside those of the client.
    - `json`: any value that msgspec encodes. `data`: fields of a form. `files`: files of a form, by field, which makes
      it multipart. `content`: the body itself. At most one of `json`, `content` and the form.
    - `follow_redirects`: overrides the client's.
    """

    params: QueryValues
    headers: HeaderSource
    cookies: Mapping[str, str]
    json: Any
    data: Mapping[str, object] | Iterable[tuple[str, object]]
    files: Mapping[str, FileSource | Sequence[FileSource]] | Iterable[tuple[str, FileSource]]
    content: Content
    follow_redirects: bool


class Outgoing:
    """A request as it goes over the wire, and the URL it goes to."""

    __slots__ = ("body", "headers", "method", "target", "url")

    def __init__(self, method: str, url: URL, headers: RawHeaders, body: Content) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.target = (url.path + ("?" + url.query if url.query else "")).encode("ascii")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it is sent. A generator runs in a thread, so that it may wait for what the test does."""
        body = self.body
        if isinstance(body, bytes):
            yield body
        elif isinstance(body, AsyncIterable):
            async for piece in body:
                yield piece
        elif isinstance(body, Iterator):
            while (item := await asyncio.to_thread(next, body, _END)) is not _END:
                yield cast(bytes, item)
        else:
            for piece in cast("Iterable[bytes]", body):
                yield piece


def resolve(base: URL, reference: str) -> URL:
    """The URL of ``reference``, a path or a whole URL, seen from ``base``; what a URL cannot hold is percent-encoded."""
    found = URL.parse(_encoded(reference))
    if found.host:
        return found.replace(scheme=found.scheme or base.scheme, path=found.path or "/", fragment="")
    path = found.path
    if not path:
        path = base.path
    elif not path.startswith("/"):
        path = base.path.rpartition("/")[0] + "/" + path
    return base.replace(path=path or "/", query=found.query, fragment="")


def outgoing(
    method: str, url: URL, defaults: MutableHeaders, cookies: str, options: RequestOptions
) -> Outgoing:
    """Builds the request. Raises `TypeError` for options that do not go together."""
    params = options.get("params")
    if params is not None:
        url = url.replace(query="&".join(filter(None, (url.query, encode_query(params)))))
    headers = MutableHeaders([("host", url.authority), *defaults.multi_items()])
    body, content_type = _body(options)
    if content_type:
        headers["content-type"] = content_type
    if cookies:
        headers["cookie"] = cookies
    _override(headers, options.get("headers", ()))
    if "content-length" not in headers and "transfer-encoding" not in headers:
        if isinstance(body, bytes):
            if body or method in ("POST", "PUT", "PATCH"):
                headers["content-length"] = str(len(body))
        else:
            headers["transfer-encoding"] = "chunked"
    return Outgoing(method, url, headers.raw, body)


def _override(headers: MutableHeaders, own: HeaderSource) -> None:
    """A name that a request gives replaces what the client has by default; it may be given several times."""
    given = MutableHeaders(own)
    for name in given:
        del headers[name]
    headers.raw += given.raw


def _body(options: RequestOptions) -> tuple[Content, str]:
    is_form = "data" in options or "files" in options
    if ("json" in options) + ("content" in options) + is_form > 1:
        raise TypeError("a request has one body: give json=, content=, or data= and files=")
    if "json" in options:
        return msgspec.json.encode(options["json"]), "application/json"
    if "content" in options:
        content = options["content"]
        return (content.encode(), "text/plain; charset=utf-8") if isinstance(content, str) else (content, "")
    if not is_form:
        return b"", ""
    data = options.get("data", ())
    if isinstance(data, str | bytes):
        raise TypeError("data= takes the fields of a form; for a body that is ready, use content=")
    if "files" not in options:
        return encode_query(data).encode("ascii"), "application/x-www-form-urlencoded"
    writer = MultipartWriter()
    for name, value in _pairs(data):
        writer.field(name, "" if value is None else str(value))
    for name, source in _pairs(options["files"]):
        writer.file(name, *_file(name, cast(FileSource, source)))
    return writer.body(), writer.content_type


def _pairs(values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Iterator[tuple[str, object]]:
    pairs = cast("Mapping[str, Any]", values).items() if isinstance(values, Mapping) else values
    for name, value in pairs:
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _file(name: str, source: FileSource) -> tuple[str, bytes, str]:
    filename, content, content_type = name, source, ""
    if isinstance(source, tuple):
        filename, content, content_type = source if len(source) == 3 else (*source, "")
    elif not isinstance(source, bytes | str):
        filename = os.path.basename(str(getattr(source, "name", name)))  # noqa: PTH119 -- text, no path is touched
    if isinstance(content, str):
        return filename, content.encode(), content_type or "text/plain"
    data = content if isinstance(content, bytes) else cast(BinaryIO, content).read()
    return filename, data, content_type or "application/octet-stream"


def _encoded(reference: str) -> str:
    return "".join([char if "!" <= char <= "~" else _escaped(char) for char in reference])


def _escaped(char: str) -> str:
    return "".join([f"%{octet:02X}" for octet in char.encode("utf-8", "surrogateescape")])

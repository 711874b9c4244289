"""What a client in Python is made of besides its methods: this text is copied into it, from the next line on."""

__all__ = ["ApiError", "Sent", "ServerEvent", "_AsyncCaller", "_SyncCaller", "_segment", "_segments"]

# --- copied from here ---
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

T = TypeVar("T")

Upload = bytes | tuple[str, bytes] | tuple[str, bytes, str]
"""The content of a file; with its name, and with its media type."""


class BadField(msgspec.Struct):
    """A field of the request that is not valid: where it stands, and what is wrong with it."""

    loc: list[str | int]
    msg: str


class ProblemDetails(msgspec.Struct):
    """What the server says about a request that it did not answer as it was asked (RFC 9457)."""

    title: str = ""
    detail: str = ""
    errors: list[BadField] = []


class ApiError(Exception):
    """The server did not do what it was asked. ``problem`` says why, ``response`` is all that it said."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.status = response.status_code
        try:
            self.problem = msgspec.json.decode(response.content, type=ProblemDetails)
        except msgspec.MsgspecError:
            self.problem = ProblemDetails(detail=response.text)
        super().__init__(f"{self.status} {self.problem.detail or self.problem.title}".rstrip())


class ServerEvent(msgspec.Struct, Generic[T]):
    """One Server-Sent Event; ``data`` is what its text stands for."""

    event: str
    id: str
    data: T


class Sent(msgspec.Struct):
    """What is sent with a request."""

    query: Mapping[str, Any] = {}
    headers: Mapping[str, Any] = {}
    cookies: Mapping[str, Any] = {}
    form: Mapping[str, Any] | None = None
    files: Mapping[str, Any] = {}
    json: Any = msgspec.UNSET
    content: bytes | str | None = None
    content_type: str = ""
    accept: str = ""

    def arguments(self) -> dict[str, Any]:
        """The same for httpx2."""
        headers = dict(_pairs(self.headers))
        if self.accept:
            headers["accept"] = self.accept
        made: dict[str, Any] = {"params": _pairs(self.query), "headers": headers}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={text}" for name, text in _pairs(self.cookies))
        files = [
            (name, one if isinstance(one, tuple) else (name, one))
            for name, value in self.files.items()
            if value is not None
            for one in (value if isinstance(value, list) else [value])
        ]
        if files:
            made["files"] = files
        if self.form is not None:
            values: dict[str, list[str]] = {}
            for name, text in _pairs(self.form):
                values.setdefault(name, []).append(text)
            made["data"] = values
        if self.json is not msgspec.UNSET:
            made["content"] = msgspec.json.encode(self.json)
            headers["content-type"] = "application/json"
        elif self.content is not None:
            made["content"] = self.content
            headers["content-type"] = self.content_type
        return made


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts; a list is its name several times, None is left out."""
    return [
        (name, _text(one))
        for name, value in values.items()
        if value is not None
        for one in (value if isinstance(value, list | tuple | set) else [value])
    ]


def _text(value: Any) -> str:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return str(plain)


def _segment(value: Any) -> str:
    return quote(_text(value), safe="")


def _segments(value: Any) -> str:
    return quote(_text(value), safe="/")


class _Events(Generic[T]):
    """Reads Server-Sent Events from lines."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.event, self.id = "message", ""
        self.data: list[str] = []

    def feed(self, line: str) -> ServerEvent[T] | None:
        """The event that ends with this line."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            event, data = self.event, self.data
            self.event, self.data = "message", []
            return ServerEvent(event, self.id, _decode("\n".join(data), self.kind)) if data else None
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.event = value
        elif name == "id":
            self.id = value
        return None


def _decode(text: str | bytes, kind: Any) -> Any:
    return text if kind is str else msgspec.json.decode(text, type=kind)


class _SyncCaller:
    """``http``: a client of httpx2, for its own time limits, certificates and headers."""

    def __init__(self, base_url: str = "", *, http: httpx2.Client | None = None) -> None:
        self.http = http or httpx2.Client()
        self._base = base_url.rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self.http.close()

    def _call(self, method: str, path: str, sent: Sent) -> httpx2.Response:
        response = self.http.request(method, self._base + path, **sent.arguments())
        if not response.is_success:
            raise ApiError(response)
        return response

    @contextlib.contextmanager
    def _open(self, method: str, path: str, sent: Sent) -> Generator[httpx2.Response, None, None]:
        # What is streamed may be quiet for long.
        with self.http.stream(method, self._base + path, timeout=None, **sent.arguments()) as response:
            if not response.is_success:
                response.read()
                raise ApiError(response)
            yield response

    def _items(self, method: str, path: str, sent: Sent, kind: Any) -> Iterator[Any]:
        with self._open(method, path, sent) as response:
            for line in response.iter_lines():
                if line:
                    yield _decode(line, kind)

    def _events(self, method: str, path: str, sent: Sent, kind: Any) -> Iterator[Any]:
        with self._open(method, path, sent) as response:
            reader: _Events[Any] = _Events(kind)
            for line in response.iter_lines():
                if (event := reader.feed(line)) is not None:
                    yield event


class _AsyncCaller:
    """``http``: a client of httpx2, for its own time limits, certificates and headers."""

    def __init__(self, base_url: str = "", *, http: httpx2.AsyncClient | None = None) -> None:
        self.http = http or httpx2.AsyncClient()
        self._base = base_url.rstrip("/")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self.http.aclose()

    async def _call(self, method: str, path: str, sent: Sent) -> httpx2.Response:
        response = await self.http.request(method, self._base + path, **sent.arguments())
        if not response.is_success:
            raise ApiError(response)
        return response

    @contextlib.asynccontextmanager
    async def _open(self, method: str, path: str, sent: Sent) -> AsyncGenerator[httpx2.Response, None]:
        # What is streamed may be quiet for long.
        async with self.http.stream(method, self._base + path, timeout=None, **sent.arguments()) as response:
            if not response.is_success:
                await response.aread()
                raise ApiError(response)
            yield response

    async def _items(self, method: str, path: str, sent: Sent, kind: Any) -> AsyncIterator[Any]:
        async with self._open(method, path, sent) as response:
            async for line in response.aiter_lines():
                if line:
                    yield _decode(line, kind)

    async def _events(self, method: str, path: str, sent: Sent, kind: Any) -> AsyncIterator[Any]:
        async with self._open(method, path, sent) as response:
            reader: _Events[Any] = _Events(kind)
            async for line in response.aiter_lines():
                if (event := reader.feed(line)) is not None:
                    yield event

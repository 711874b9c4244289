"""What a test gets back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

import msgspec

from segue.http.headers import Headers
from segue.http.multidict import MultiDict
from segue.http.parameters import parse_header
from segue.http.status import phrase
from segue.http.url import URL

__all__ = ["ClientResponse", "ResponseHead", "StatusError"]

T = TypeVar("T")


def _decode(data: bytes, type: Any) -> Any:
    return msgspec.json.decode(data, type=type)


class StatusError(Exception):
    """What ``raise_for_status`` raises for a 4xx or 5xx. ``response`` has the reply."""

    def __init__(self, response: ResponseHead, text: str) -> None:
        self.response = response
        super().__init__(
            f"{response.method} {response.url} was answered with {response.status} {phrase(response.status)}"
            + (f": {text[:500]}" if text else "")
        )


class ResponseHead:
    """A response without its body: its status, its header fields, and how it came about.

    - ``method`` and ``url``: of the request that it answers. ``history``: the redirects before it, oldest first.
    - ``cookies``: those that this response sets, by name; what the client has in all is in ``client.cookies``.
    """

    __slots__ = ("decode", "headers", "history", "method", "status", "url")

    def __init__(
        self, method: str, url: URL, status: int, headers: Headers, history: list[ClientResponse]
    ) -> None:
        #: How its app reads JSON: ``(data, type)``.
        self.decode: Callable[[bytes, Any], Any] = _decode
        self.method = method
        self.url = url
        self.status = status
        self.headers = headers
        self.history = history

    @property
    def reason(self) -> str:
        return phrase(self.status)

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty when none is given."""
        return parse_header(self.headers.get("content-type", ""))[0]

    @property
    def charset(self) -> str:
        return parse_header(self.headers.get("content-type", ""))[1].get("charset", "utf-8")

    @property
    def cookies(self) -> MultiDict[str]:
        pairs = [value.partition(";")[0].partition("=") for value in self.headers.get_all("set-cookie")]
        return MultiDict([(name, value) for name, _, value in pairs])

    @property
    def location(self) -> str | None:
        """Where it redirects to: the ``Location`` field of a 301, 302, 303, 307 or 308, else None."""
        return self.headers.get("location") if self.status in (301, 302, 303, 307, 308) else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.reason} to {self.method} {self.url}>"


class ClientResponse(ResponseHead):
    """A response, read to its end.

    response = client.post("/films", json={"title": "Nuages"})
    assert response.status == 201
    assert response.json() == {"id": 1, "title": "Nuages"}
    """

    __slots__ = ("content",)

    def __init__(self, head: ResponseHead, content: bytes) -> None:
        super().__init__(head.method, head.url, head.status, head.headers, head.history)
        self.decode = head.decode
        self.content = content

    @property
    def text(self) -> str:
        """The body as text in its charset. Raises UnicodeDecodeError when it is not."""
        return self.content.decode(self.charset)

    @overload
    def json(self) -> Any: ...
    @overload
    def json(self, type: type[T]) -> T: ...
    def json(self, type: Any = Any) -> Any:
        """The body decoded as JSON, as its app does it, and validated as ``type``.

        Raises msgspec.DecodeError and ValidationError.
        """
        return self.decode(self.content, type)

    def raise_for_status(self) -> ClientResponse:
        """Raises StatusError for a 4xx or 5xx; gives itself otherwise."""
        if self.status >= 400:
            raise StatusError(self, self.content.decode("utf-8", "replace"))
        return self

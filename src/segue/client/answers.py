"""Answers instead of the network, for tests: from a table, or from an app in the same process."""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    MutableMapping,
)
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload

import msgspec

from segue.http.headers import Headers
from segue.http.response import Response
from segue.http.url import URL

if TYPE_CHECKING:
    import httpx2

__all__ = ["Answered", "Answering", "Answers", "Asked"]

T = TypeVar("T")

ASGIApp: TypeAlias = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]],
    Awaitable[None],
]


class Asked(msgspec.Struct, frozen=True):
    """A call that was answered from a table."""

    method: str
    url: URL
    headers: Headers
    content: bytes

    @overload
    def json(self) -> Any: ...
    @overload
    def json(self, type: type[T]) -> T: ...
    def json(self, type: Any = Any) -> Any:
        """The body decoded as JSON and validated as ``type``."""
        return msgspec.json.decode(self.content, type=type)


class Answers:
    """What calls are answered with.

        answers = Answers({
            "GET https://films.example/7": Film(7, "Nuages"),            # as JSON
            "POST https://films.example/films": lambda asked: asked.json(Film),
            "https://films.example/gone": Response(b"", 410),
            "https://down.example/": ConnectionError("nobody there"),    # raised, as the network would
            "GET https://films.example/8": iter([Response(b"", 503), Film(8, "Minor Swing")]),   # one after the other
        })
        with client.override(Http, Http(answers=answers)):
            ...
        assert answers.asked[0].headers["x-request-id"]

    A key has a method, or stands for all of them; one without a query stands for every query. What is asked for and not
    there raises LookupError, which lists what is. Redirects, repetitions and limits work as over the network.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.table = dict(table)
        #: The calls, in their order.
        self.asked: list[Asked] = []

    async def answer(self, asked: Asked) -> Response:
        """The response to a call."""
        self.asked.append(asked)
        found = self._found(asked)
        if isinstance(found, Iterator):
            found = next(found)
        if isinstance(found, BaseException):
            raise found
        if callable(found) and not isinstance(found, Response):
            found = found(asked)
        if inspect.isawaitable(found):
            found = await found
        if isinstance(found, Response):
            return found
        if isinstance(found, str | bytes):
            return Response(found)
        return Response(msgspec.json.encode(found), headers={"content-type": "application/json"})

    def _found(self, asked: Asked) -> Any:
        whole, bare = str(asked.url), str(asked.url.replace(query=""))
        for url in (whole, bare):
            for key in (f"{asked.method} {url}", url):
                if key in self.table:
                    return self.table[key]
        there = ", ".join(self.table) or "nothing"
        raise LookupError(f"{asked.method} {whole} is not among the answers of this test; there are: {there}")


Answering: TypeAlias = "Answers | ASGIApp"
"""A table, or an app that speaks ASGI: one of Segue's or of another framework."""


class Answered:
    """Brings calls to answers instead of to the network."""

    def __init__(self, answers: Answering) -> None:
        from segue.client.inprocess import InProcess

        self._app = None if isinstance(answers, Answers) else InProcess(answers)
        self._answers = answers if isinstance(answers, Answers) else Answers({})

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        if self._app is not None:
            return await self._app.send(request)
        from segue.client.inprocess import as_reply

        content = b"".join([piece async for piece in request.stream])  # type: ignore[union-attr] # made by us: async
        headers = Headers([(name.lower(), value) for name, value in request.headers.raw])
        asked = Asked(request.method, URL.parse(str(request.url)), headers, content)
        response = await self._answers.answer(asked)
        fields = response.headers.raw
        if response.media_type and "content-type" not in response.headers:
            fields = [*fields, (b"content-type", response.media_type.encode("latin-1"))]
        return as_reply(request, response.status, fields, _pieces(response.body))

    async def close(self) -> None:
        if self._app is not None:
            await self._app.close()


async def _pieces(body: Any) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        if body:
            yield body
    elif isinstance(body, AsyncIterable):
        async for piece in body:
            yield piece
    else:
        for piece in body:
            yield piece

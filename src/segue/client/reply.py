"""What came back: read whole, or piece by piece within a limit."""

from __future__ import annotations

import codecs
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from segue.client.failures import ReplyTooLarge, StatusFailed, UnfitReply
from segue.http.headers import Headers
from segue.http.status import phrase

if TYPE_CHECKING:
    import httpx2

    from segue.client.call import Call

__all__ = ["Reply", "ReplyHead", "StreamedReply"]

T = TypeVar("T")
_SHOWN = 200


class ReplyHead:
    """Status and header fields of a reply, and where it came from.

    ``url``: of the call that was answered, the last one after redirects. ``history``: the redirects before it.
    """

    __slots__ = ("headers", "history", "method", "status", "url")

    def __init__(
        self, method: str, url: str, status: int, headers: Headers, history: tuple[ReplyHead, ...]
    ) -> None:
        self.method = method
        self.url = url
        self.status = status
        self.headers = headers
        self.history = history

    @property
    def reason(self) -> str:
        """The phrase of the status, as the standard has it."""
        return phrase(self.status)

    @property
    def ok(self) -> bool:
        """Whether the status is one of success, 200 to 299."""
        return 200 <= self.status <= 299

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty if none was said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The charset of the content type if Python knows it, otherwise UTF-8."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                try:
                    found = codecs.lookup(value.strip().strip("\"'"))
                except (LookupError, ValueError):
                    break
                if getattr(found, "_is_text_encoding", True):
                    return found.name
        return "utf-8"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.method} {self.url}>"


class Reply(ReplyHead):
    """A reply that was read to its end.

    reply = await http.get("https://films.example/7")
    reply.status, reply.headers["etag"], reply.json(Film)
    """

    __slots__ = ("_decode", "content")

    def __init__(self, head: ReplyHead, content: bytes, decode: Callable[[bytes, Any], Any]) -> None:
        super().__init__(head.method, head.url, head.status, head.headers, head.history)
        self.content = content
        self._decode = decode

    @property
    def text(self) -> str:
        """The body as text in its charset; what is none becomes U+FFFD."""
        return self.content.decode(self.charset, "replace")

    @overload
    def json(self) -> Any: ...
    @overload
    def json(self, type: type[T]) -> T: ...
    def json(self, type: Any = Any) -> Any:
        """The body decoded as JSON and validated as ``type``. Raises UnfitReply, which says what does not fit."""
        try:
            return self._decode(self.content, type)
        except (ValueError, RecursionError) as error:
            raise UnfitReply(self, type, str(error) or "it is nested too deep") from error

    def raise_for_status(self) -> Reply:
        """Raises StatusFailed unless the status is one of success; gives itself otherwise."""
        if not self.ok:
            raise StatusFailed(self)
        return self

    def excerpt(self) -> str:
        """The beginning of the body on one line, for messages."""
        text = self.content[: 4 * _SHOWN].decode(self.charset, "replace")[:_SHOWN]
        return "".join(char if char.isprintable() else " " for char in text).strip()


class StreamedReply(ReplyHead):
    """A reply whose body is still to come: ``async for piece in reply``.

    Pieces are unpacked, 1 MB at most each. It is closed at its end, and when the block of ``http.stream`` is left.
    """

    __slots__ = ("_closed", "_decode", "_failing", "_limit", "_response", "_when_closed")

    def __init__(
        self,
        call: Call,
        response: httpx2.Response,
        *,
        history: tuple[ReplyHead, ...],
        limit: int | None,
        failing: Callable[[Call, BaseException], BaseException],
        decode: Callable[[bytes, Any], Any],
    ) -> None:
        headers = Headers([(name.lower(), value) for name, value in response.headers.raw])
        super().__init__(call.method, str(call.url), response.status_code, headers, history)
        self._response = response
        self._limit = limit
        self._decode = decode
        self._failing = functools.partial(failing, call)
        self._when_closed: list[Callable[[], Awaitable[None] | None]] = []
        self._closed = False

    @property
    def http_version(self) -> str:
        """``HTTP/1.1`` or ``HTTP/2``."""
        return self._response.http_version

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._response.aiter_bytes():
                yield piece
        except Exception as error:
            failure = self._failing(error)
            if failure is error:
                raise
            raise failure from error
        finally:
            await self.close()

    async def lines(self) -> AsyncIterator[str]:
        """The body as lines of text, ended by LF or CR LF: of JSON Lines for example."""
        decode = codecs.getincrementaldecoder(self.charset)("replace").decode
        rest: list[str] = []
        async for piece in self:
            *whole, last = decode(piece).split("\n")
            for line in whole:
                yield "".join([*rest, line]).removesuffix("\r")
                rest = []
            rest.append(last)
        if end := "".join([*rest, decode(b"", True)]):
            yield end

    async def read(self, limit: int | None = -1) -> Reply:
        """The whole body. Raises ReplyTooLarge when it is more than ``limit`` bytes, by default those of the client."""
        limit = self._limit if limit == -1 else limit
        declared = self.headers.get("content-length", "")
        if limit is not None and self.method != "HEAD":
            if declared.isascii() and declared.isdigit() and len(declared) <= 18 and int(declared) > limit:
                await self.close()
                raise self._too_large(limit)
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in self._response.aiter_bytes():
                size += len(piece)
                if limit is not None and size > limit:
                    raise self._too_large(limit)
                pieces.append(piece)
        except Exception as error:
            failure = self._failing(error)
            if failure is error:
                raise
            raise failure from error
        finally:
            await self.close()
        return Reply(self, b"".join(pieces), self._decode)

    async def empty(self, excerpt: str = "") -> Reply:
        """Closes it and stands for it in an error: head, and what of the body is worth showing."""
        await self.close()
        return Reply(self, excerpt.encode("utf-8", "replace"), self._decode)

    def _too_large(self, limit: int) -> ReplyTooLarge:
        return ReplyTooLarge(
            self.method,
            self.url,
            f"the reply has more than {limit} bytes. Take more with limit=, or read it piece by piece: http.stream(...)",
        )

    def when_closed(self, act: Callable[[], Awaitable[None] | None]) -> None:
        """Lets ``act`` be called when the reply is closed: to give back what the call has taken."""
        self._when_closed.append(act)

    async def close(self) -> None:
        """Gives up what has not been read. Closing it again does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            await self._response.aclose()
        finally:
            acts, self._when_closed = self._when_closed, []
            for act in acts:
                done = act()
                if done is not None:
                    await done

"""Sends calls: repeats what may be repeated, follows redirects, and turns every failure into one of ours."""

from __future__ import annotations

import asyncio
import email.utils
import http.cookiejar
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple, Protocol, cast

import httpcore2
import httpx2

from segue.client.call import Call
from segue.client.dialing import NotPublic
from segue.client.failures import (
    AddressRefused,
    CallBroken,
    CallFailed,
    CallTimedOut,
    TooManyRedirects,
    Unreachable,
)
from segue.client.options import Limits, Retries, Timeouts
from segue.client.redirects import redirected
from segue.client.reply import ReplyHead, StreamedReply

__all__ = ["Carrier", "Manner", "Sender", "failing"]

_END = object()


class Carrier(Protocol):
    """What brings a request to who answers it: the network, or answers of a test."""

    async def send(self, request: httpx2.Request) -> httpx2.Response: ...
    async def close(self) -> None: ...


class Manner(NamedTuple):
    """How one call is sent, and its reply read."""

    auth: httpx2.Auth | None
    redirects: int
    retries: int
    limit: int | None
    decode: Callable[[bytes, Any], Any]


class Sender:
    """Calls over one carrier, on one loop."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        timeouts: Timeouts,
        limits: Limits,
        retries: Retries,
        cookies: bool,
    ) -> None:
        self.carrier = carrier
        self._timeouts = {
            "connect": timeouts.connect,
            "read": timeouts.read,
            "write": timeouts.write,
            "pool": timeouts.pool,
        }
        self._limits = limits
        self._retries = retries
        self._jar = httpx2.Cookies(http.cookiejar.CookieJar()) if cookies else None
        self._hosts: dict[str, _Turns] = {}

    async def send(self, manner: Manner, call: Call) -> StreamedReply:
        """The reply to a call, after redirects. Raises CallFailed."""
        history: list[ReplyHead] = []
        while True:
            reply = await self._repeated(call, manner, tuple(history))
            try:
                following = redirected(call, reply.status, reply.headers) if manner.redirects else None
            except ValueError as error:
                await reply.close()
                raise CallBroken(call.method, str(call.url), f"a redirect leads nowhere: {error}") from None
            if following is None:
                return reply
            await reply.close()
            history.append(ReplyHead(call.method, reply.url, reply.status, reply.headers, ()))
            if len(history) > manner.redirects:
                raise TooManyRedirects(
                    call.method,
                    str(call.url),
                    f"{manner.redirects} redirects were followed, and here is another one",
                )
            if not isinstance(following.content, bytes):
                raise CallBroken(
                    call.method,
                    str(call.url),
                    f"a redirect asks for the body again, at {following.url}, which is made while it is sent: give bytes",
                )
            if following.url.origin != call.url.origin:
                manner = manner._replace(auth=None)
            call = following

    async def _repeated(self, call: Call, manner: Manner, history: tuple[ReplyHead, ...]) -> StreamedReply:
        attempt = 0
        while True:
            last = attempt >= manner.retries or not call.repeatable
            try:
                reply = await self._once(call, manner, history)
            except (Unreachable, CallBroken, CallTimedOut) as error:
                arrived = not isinstance(error, Unreachable)
                if (
                    last
                    or isinstance(error, AddressRefused)
                    or (arrived and call.method not in self._retries.methods)
                ):
                    raise
                wait = self._retries.wait.delay(attempt)
            else:
                if (
                    last
                    or reply.status not in self._retries.statuses
                    or call.method not in self._retries.methods
                ):
                    return reply
                asked = _retry_after(reply.headers.get("retry-after", ""))
                if asked > self._retries.wait.most:
                    return reply  # too long to wait for: who called decides
                await reply.close()
                wait = max(asked, self._retries.wait.delay(attempt))
            attempt += 1
            await asyncio.sleep(wait)

    async def _once(self, call: Call, manner: Manner, history: tuple[ReplyHead, ...]) -> StreamedReply:
        turns = await self._turn(call)
        try:
            response = await self._exchanged(call, manner.auth)
        except BaseException as error:
            self._leave(turns)
            failure = failing(call, error)
            if failure is error:
                raise
            raise failure from error
        reply = StreamedReply(
            call, response, history=history, limit=manner.limit, failing=failing, decode=manner.decode
        )
        reply.when_closed(lambda: self._leave(turns))
        return reply

    async def _exchanged(self, call: Call, auth: httpx2.Auth | None) -> httpx2.Response:
        request = self._request(call)
        if auth is None:
            return await self._carried(request)
        # A conversation: it may ask for a second request, as Digest does (RFC 7616).
        async with aclosing(auth.async_auth_flow(request)) as flow:
            request = await anext(flow)
            while True:
                response = await self._carried(request)
                try:
                    request = await flow.asend(response)
                except StopAsyncIteration:
                    return response
                except BaseException:
                    await response.aclose()
                    raise
                await response.aclose()

    async def _carried(self, request: httpx2.Request) -> httpx2.Response:
        if self._jar is not None:
            self._jar.set_cookie_header(request)
        response = await self.carrier.send(request)
        if self._jar is not None:
            self._jar.extract_cookies(response)
        return response

    def _request(self, call: Call) -> httpx2.Request:
        content: Any = call.content
        if not isinstance(content, bytes | AsyncIterable):
            content = _in_thread(iter(cast("Iterable[bytes]", content)))
        return httpx2.Request(
            call.method,
            str(call.url),
            headers=call.headers.raw,
            content=content or None,
            extensions={"timeout": self._timeouts},
        )

    async def _turn(self, call: Call) -> _Turns | None:
        most = self._limits.per_host
        if most is None:
            return None
        turns = self._hosts.get(call.url.origin)
        if turns is None:
            turns = self._hosts[call.url.origin] = _Turns(call.url.origin, most)
        turns.users += 1
        try:
            async with asyncio.timeout(self._timeouts["pool"]):
                await turns.free.acquire()
        except BaseException as error:
            self._gone(turns)
            if isinstance(error, TimeoutError):
                raise CallTimedOut(
                    call.method, str(call.url), f"{most} calls to this host were under way all the time"
                ) from None
            raise
        return turns

    def _leave(self, turns: _Turns | None) -> None:
        if turns is not None:
            turns.free.release()
            self._gone(turns)

    def _gone(self, turns: _Turns) -> None:
        turns.users -= 1
        if not turns.users:
            self._hosts.pop(turns.origin, None)

    async def close(self) -> None:
        await self.carrier.close()


class _Turns:
    """How many calls one host may still get."""

    __slots__ = ("free", "origin", "users")

    def __init__(self, origin: str, most: int) -> None:
        self.origin = origin
        self.free = asyncio.Semaphore(most)
        self.users = 0


async def _in_thread(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A generator that may read a disk: not on the loop."""
    while (piece := await asyncio.to_thread(next, pieces, _END)) is not _END:
        yield cast(bytes, piece)


def _retry_after(field: str) -> float:
    """Seconds that a server asks to wait (RFC 9110, section 10.2.3); 0 if it does not, or in a way that is not known."""
    if field.isascii() and field.isdigit():
        return float(field) if len(field) < 10 else float("inf")
    try:
        return max(0.0, email.utils.parsedate_to_datetime(field).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def failing(call: Call, error: BaseException) -> BaseException:
    """The failure that stands for what a library, or the system, has raised; ``error`` itself if it is none of those."""
    kind, why = _judged(error)
    return error if kind is None else kind(call.method, str(call.url), why)


def _judged(error: BaseException) -> tuple[type[CallFailed] | None, str]:
    cause: BaseException = error
    while isinstance(cause, httpcore2.ConnectError) and (cause.__cause__ or cause.__context__):
        cause = cause.__cause__ or cause.__context__ or cause
    match error:
        case CallFailed():
            return None, ""
        case NotPublic():
            return AddressRefused, str(error)
        case httpcore2.PoolTimeout():
            return (
                CallTimedOut,
                "all connections were in use all the time: raise Limits.connections, or close streams",
            )
        case httpcore2.TimeoutException() | httpx2.TimeoutException():
            return CallTimedOut, f"{type(error).__name__}: {error}".rstrip(": ")
        case httpcore2.ConnectError() if isinstance(cause, ssl.SSLError):
            return Unreachable, f"TLS failed: {cause}"
        case ConnectionResetError() | BrokenPipeError():
            return CallBroken, f"the connection broke off: {error}"
        case httpcore2.ConnectError() | httpcore2.ProxyError() | httpcore2.UnsupportedProtocol() | OSError():
            return Unreachable, f"no connection: {cause}"
        case httpcore2.LocalProtocolError() | httpx2.LocalProtocolError():
            return CallBroken, f"this cannot be sent: {error}"
        case httpcore2.NetworkError() | httpcore2.ProtocolError():
            return CallBroken, f"{type(error).__name__}: {error}".rstrip(": ")
        case httpx2.DecodingError():
            return CallBroken, f"the body could not be unpacked: {error}"
        case httpx2.HTTPError() | httpx2.StreamError():
            return CallBroken, str(error)
        case _:
            return None, ""

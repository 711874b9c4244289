"""An app in the same process as what answers calls: over ASGI, without a socket, as a stream in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import httpx2

if TYPE_CHECKING:
    from segue.client.answers import ASGIApp
    from segue.http.headers import RawHeaders

__all__ = ["InProcess", "as_reply"]

_AHEAD = 8  # pieces that an app may be ahead of who reads them


class InProcess:
    """Starts an app with the first call, and stops it when the client is closed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._life: _Life | None = None

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        if self._life is None:
            self._life = _Life(self._app)
            await self._life.start()
        exchange = _Exchange(self._app, request)
        return await exchange.begin()

    async def close(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            await life.stop()


class _Life:
    """The lifespan of an app (ASGI 3.0): one that knows none is fine as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        scope: dict[str, Any] = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._task = asyncio.ensure_future(self._run(scope))
        await self._ask("lifespan.startup")

    async def stop(self) -> None:
        await self._ask("lifespan.shutdown")
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self, scope: dict[str, Any]) -> None:
        await self._app(scope, self._inbox.get, self._outbox.put)

    async def _ask(self, what: str) -> None:
        task = self._task
        if task is None or task.done():
            return
        self._inbox.put_nowait({"type": what})
        answer = asyncio.ensure_future(self._outbox.get())
        await asyncio.wait([task, answer], return_when=asyncio.FIRST_COMPLETED)
        if answer.done() and answer.result()["type"].endswith(".failed"):
            raise RuntimeError(
                f"the app that answers the calls did not start: {answer.result().get('message', '')}"
            )
        answer.cancel()


class _Exchange:
    """One call to the app."""

    def __init__(self, app: ASGIApp, request: httpx2.Request) -> None:
        self._app = app
        self._request = request
        self._body = aiter(cast("AsyncIterator[bytes]", request.stream))
        self._sent_all = False
        self._gone = asyncio.Event()
        self._head: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(_AHEAD)
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> httpx2.Response:
        self._task = asyncio.ensure_future(self._run())
        try:
            waited: list[asyncio.Future[Any]] = [self._head, self._task]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            self._task.cancel()
            raise
        if not self._head.done():
            self._task.result()  # raises what the app raised
            raise ConnectionError("the app that answers the calls ended without a response")
        head = self._head.result()
        return as_reply(
            self._request, head["status"], list(head.get("headers", ())), self._read(), self._leave
        )

    async def _run(self) -> None:
        url = self._request.url
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "state": {},
        }
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._sent_all:
            async for piece in self._body:
                return {"type": "http.request", "body": piece, "more_body": True}
            self._sent_all = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._head.set_result(message)
        elif message["type"] == "http.response.body":
            if message.get("body"):
                await self._pieces.put(bytes(message["body"]))
            if not message.get("more_body", False):
                await self._pieces.put(b"")
                self._gone.set()

    async def _read(self) -> AsyncIterator[bytes]:
        task = cast("asyncio.Task[None]", self._task)
        while True:
            piece = asyncio.ensure_future(self._pieces.get())
            try:
                await asyncio.wait([piece, task], return_when=asyncio.FIRST_COMPLETED)
                if not piece.done() and self._pieces.empty():  # it ended, and its response did not
                    raise ConnectionResetError(
                        "the app that answers the calls has broken off"
                    ) from task.exception()
                found = await piece
            finally:
                piece.cancel()
            if not found:
                return
            yield found

    async def _leave(self) -> None:
        self._gone.set()
        task = cast("asyncio.Task[None]", self._task)
        if not task.done():
            done, _ = await asyncio.wait([task], timeout=0.1)
            if not done:
                task.cancel()
                await asyncio.wait([task])


def as_reply(
    request: httpx2.Request, status: int, headers: RawHeaders, pieces: AsyncIterator[bytes], leave: Any = None
) -> httpx2.Response:
    """A reply that is made here."""
    return httpx2.Response(status, headers=headers, stream=_Body(pieces, leave), request=request)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, pieces: AsyncIterator[bytes], leave: Any) -> None:
        self._pieces = pieces
        self._leave = leave

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._pieces:
            yield piece

    async def aclose(self) -> None:
        if self._leave is not None:
            await self._leave()

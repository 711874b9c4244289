"""The native HTTP/1.1 protocol (RFC 9112): bytes in, requests to the application, responses out.

One object and one task per connection. :class:`RequestReader` fills a queue with requests; the task takes them in
order, awaits the application and writes the response. What a response needs beyond a head and some bytes is in
:mod:`segue.server.outbound`.
"""

import asyncio
import contextlib
import logging
from asyncio import _enter_task, _leave_task  # documented for those who run tasks themselves ("Extending")
from typing import cast

from segue.http.body import NO_BODY, BodySource
from segue.http.errors import ClientDisconnected, HTTPError, RequestTimeout, ServiceUnavailable
from segue.http.request import Request
from segue.http.response import Response, Variation
from segue.http.websocket import Upgrade
from segue.server.admission import refusal
from segue.server.begun import Begun
from segue.server.framing import HTTP_10, KEEP_ALIVE
from segue.server.heads import LENGTHS
from segue.server.inbound import InboundBody
from segue.server.outbound import WITH_LENGTH, close_body, finish_request, send
from segue.server.reader import HELD_BY_QUEUE, HELD_BY_UPGRADE, RequestReader
from segue.server.reply import adjusted
from segue.server.service import Service

__all__ = ["HTTP1Protocol"]

logger = logging.getLogger("segue.server")

_NEVER = float("inf")
_LATER = frozenset({"after", "after_this", "form"})  # of Request.made: what is left to do after the response
_UNREAD_BODY = 64 * 1024  # so much of a body that nobody read is thrown away to keep the connection
_DRAIN_IDLE = (
    0.5  # seconds in which a request that is already on its way to a closing server is still answered
)


class HTTP1Protocol(RequestReader):
    """A connection of a client with a :class:`Service`."""

    __slots__ = (
        "_begun",
        "_can_write",
        "_careful",
        "_clean",
        "_context",
        "_lingering",
        "_loop",
        "_ok",
        "_pump",
        "_source",
        "_starts",
        "_task",
        "_timed_out",
        "_unsent",
        "_waiter",
        "closing",
        "draining_events",
        "sent",
        "streaming",
        "streaming_events",
    )

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.closing = service.draining
        self._careful = service.draining or service.access_log is not None
        self._ok = service.heads.ok
        self._starts = service.heads.starts
        self.sent = 0
        self.streaming = False
        self.streaming_events = False
        self.draining_events = False
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._context = self._clean = service.context
        self._pump = service.new_pump()
        self._waiter: asyncio.Future[None] | None = None
        self._begun: Begun | None = None
        self._source: BodySource = NO_BODY  # of the request that is being answered
        self._can_write: asyncio.Future[None] | None = None
        self._lingering = False
        self._timed_out = False
        self._unsent = 0  # bytes of a reply that waited for the client when this was last looked at

    # --- the transport calls -------------------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        self.service.connections.discard(self)
        self.deadline = _NEVER
        self.lost()
        self._wake_writer()
        busy = self.busy
        if self._task is not None and (
            busy is None
            or self.streaming
            or (busy.endpoint is not None and busy.endpoint.on_disconnect == "cancel")
        ):
            self._task.cancel()

    def pause_writing(self) -> None:
        if self._can_write is None:
            self._can_write = self._loop.create_future()
            self._unsent = self.transport.get_write_buffer_size()
            self.deadline = self.service.clock.now + self.service.limits.write_timeout

    def resume_writing(self) -> None:
        self._wake_writer()
        self._can_write = None
        if self.streaming:
            self.deadline = _NEVER

    def _wake_writer(self) -> None:
        if self._can_write is not None and not self._can_write.done():
            self._can_write.set_result(None)

    # --- answering -----------------------------------------------------------------------------------------------

    def requests_arrived(self) -> None:
        if self._task is None:
            self._start_task()
        else:
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        self.idle = False
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def answer_simple(self, request: Request) -> None:
        # PERF: a handler that need not wait is run here and now, as the task that waits for it: the way through
        # a future and the loop's queue costs 1.3 us of 6 (benchmarks, plaintext).
        task = self._task
        if task is None:
            raise RuntimeError("a connection is idle before its task has begun")
        try:
            _enter_task(self._loop, task)
        except RuntimeError:  # the bytes came from inside another task, not from the loop
            self.queue.append((request, KEEP_ALIVE))
            self._wake()
            return
        pump = self._pump
        try:
            response = self._context.run(pump.send, request)
        finally:
            _leave_task(self._loop, task)
        if (
            type(response) is Response
            and type(body := response.body) is bytes
            and (request.made is None or request.made.keys().isdisjoint(_LATER))
            and self._context == self._clean
            and (reply := self._encoded(response, body))
        ):
            service = self.service
            service.requests += 1
            self.deadline = service.idle_until
            self.transport.write(reply)
            if self._can_write is not None:
                self._wake()  # the client is slow: its next request waits until it has read
        else:
            # Its body, if it has one, is complete: whatever source the request has by now, nothing is left of it.
            begun = self._begun = Begun(request, KEEP_ALIVE, pump)
            begun.given = response
            self._take_up(begun)
            self._wake()

    def _encoded(self, response: Response, body: bytes) -> bytes | None:
        """All of a simple response; None for one that is not."""
        fields = response.fields
        if fields is None or type(fields) is Variation:
            start = (
                self._ok.get(response.media_type)
                if response.status == 200 and fields is None
                else self._starts.get((response.status, response.media_type, fields))
            )
            if start:
                size = len(body)
                length = LENGTHS[size] if size < 1024 else b"%d\r\n" % size
                return b"".join((start, length, self.service.clock.date, body))
            return None
        return self.service.heads.reply(response, body) if response.status in WITH_LENGTH else None

    def _take_up(self, begun: Begun) -> None:
        self.busy = begun.request
        self._source = begun.source
        self._set_timeout(begun.request)

    def _set_timeout(self, request: Request) -> None:
        timeout = self.service.limits.timeout_of(request)
        self.deadline = _NEVER if timeout is None else self.service.clock.now + timeout

    def _start_task(self) -> None:
        self._context = self._clean.copy()
        self._task = self._loop.create_task(self._serve(), context=self._context)

    async def _serve(self) -> None:
        """Answers the requests of this connection in order, until it closes."""
        queue = self.queue
        try:
            while True:
                if self._can_write is not None:
                    await self.drained()
                began = self._loop.time()
                begun, self._begun = self._begun, None
                if begun is None and queue:
                    request, mode = queue.popleft()
                    begun = Begun(request, mode, self._pump)
                    begun.given = self._pump.send(request)
                    self._take_up(begun)
                elif begun is None:
                    if self.error is not None or self.closing:
                        break
                    await self._wait_for_request()
                    continue
                try:
                    goes_on = await self._finish(begun, await begun, began)
                finally:
                    # However it ends, by a client that left or by a timeout too.
                    finish_request(self.service, begun.request)
                if not goes_on:
                    return
                if self._context != self._clean:
                    # What a handler left in context variables must not be seen by the next request.
                    self._start_task()
                    return
                if self._held & HELD_BY_QUEUE and len(queue) <= self.service.limits.max_pipelined // 2:
                    self.release(HELD_BY_QUEUE)
            self._end(self.error)
        except asyncio.CancelledError:
            if self._timed_out:
                self._end(ServiceUnavailable("The request took too long."))
        except ConnectionError:
            self.transport.abort()
        except Exception:
            logger.exception("a connection failed")
            self.transport.abort()

    async def _wait_for_request(self) -> None:
        waiter = self._waiter = self._loop.create_future()
        self.idle = not (self._held or self._careful)
        try:
            await waiter
        except asyncio.CancelledError as error:
            if self._begun is None:
                raise
            self._begun.cancelled = error
        finally:
            self._waiter = None
            self.idle = False

    async def _finish(self, begun: Begun, response: Response, began: float) -> bool:
        """Sends any response and does what comes after it; False when the connection is done with HTTP/1.1."""
        service = self.service
        request, mode = begun.request, begun.mode
        if self.connection.closed:
            await close_body(response.body)
            return False
        if request.made is not None and "after_this" in request.made:
            response = await adjusted(request, response)
        # A request to upgrade is the last that is read: those before it in the queue go on as ever.
        upgrades = self._held & HELD_BY_UPGRADE and not self.queue
        if isinstance(response.body, Upgrade) and upgrades and not mode & HTTP_10:
            await self._upgrade(request, response, response.body)
            return False
        if isinstance(response.body, bytes) and not _forget(begun.source):
            mode &= ~KEEP_ALIVE
        self.sent = 0
        try:
            goes_on = await send(self, request, response, mode)
        except (ConnectionError, asyncio.CancelledError):
            if (
                self.sent and service.access_log is not None
            ):  # the client has left, with all that it wanted or without
                service.access_log(request, response.status, self.sent, self._loop.time() - began)
            raise
        service.requests += 1
        if service.access_log is not None:
            service.access_log(request, response.status, self.sent, self._loop.time() - began)
        self.busy = None
        self.deadline = service.idle_until
        if not goes_on or upgrades or not _forget(begun.source):
            # Nothing more is said, not even about what was wrong in the body: one request, one response (SEC-1).
            self._end(None)
            return False
        return True

    async def _upgrade(self, request: Request, response: Response, upgrade: Upgrade) -> None:
        from segue.server.websocket import open_websocket  # loads websockets only where it is used

        self.service.connections.discard(self)
        self.deadline = _NEVER
        await open_websocket(self.service, self.transport, request, response, upgrade, self.take_backlog())

    @property
    def paused(self) -> bool:
        """Whether the client has to read before more is written."""
        return self._can_write is not None

    async def drained(self) -> None:
        """Waits until the client has read enough. Raises ClientDisconnected when it is gone."""
        if self._can_write is not None:
            await self._can_write
        if self.connection.closed:
            raise ClientDisconnected("the client closed the connection")

    def _end(self, error: HTTPError | None) -> None:
        """Says what was wrong, if anything was, and closes the connection such that the last response arrives."""
        if self.transport.is_closing():
            return
        if error is not None:
            response = refusal(error)
            self.transport.write(self.service.heads.encode(response, [(b"connection", b"close")]))
            self.transport.write(cast(bytes, response.body))
        if error is None and self.error is None and not self.reading and not self._held:
            self.transport.close()
            return
        # Closing with unread bytes makes the system send a reset, which may overtake the response: so first read on.
        self._lingering = True
        self.deadline = self.service.clock.now + self.service.limits.linger
        if self.transport.can_write_eof():
            with contextlib.suppress(OSError):  # the client is gone already, which reading on will find
                self.transport.write_eof()
        self.ignore()

    # --- the service calls ---------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """``deadline`` has passed: what that means depends on what the connection is at."""
        self.deadline = now + 1
        if self._can_write is not None and not self._lingering and self._client_reads():
            self.deadline = now + self.service.limits.write_timeout
        elif self._lingering or self._can_write is not None:
            self.transport.abort()
        elif self.busy is not None:
            self._expire_request(self.busy)
        elif self.reading:
            self.refuse(RequestTimeout("The header of the request did not come in time."))
        else:
            self.transport.close()

    def _client_reads(self) -> bool:
        """Whether the client took as much in one ``write_timeout`` as is asked of a body that it sends."""
        limits = self.service.limits
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        return before - self._unsent >= limits.min_body_rate * limits.write_timeout

    def _expire_request(self, request: Request) -> None:
        source = self._source
        if self.streaming:
            self.deadline = _NEVER
        elif isinstance(source, InboundBody) and source.goes_on():
            self._set_timeout(request)
        elif self._task is not None:
            logger.error("%r: %s took too long", request, request.endpoint or "the handler")
            self._timed_out = True
            self._task.cancel()

    def drain(self, *, restart: bool) -> None:
        """Finish what is running and close. ``restart``: another worker takes over, so clients may come back."""
        self.closing = self._careful = True
        self.idle = False
        if self.busy is None:
            # A request may be on its way: it is answered, with Connection: close, instead of meeting a closed door.
            wait = self.service.limits.keep_alive if restart else _DRAIN_IDLE
            self.deadline = min(self.deadline, self.service.clock.now + wait)
        elif self.streaming_events and self._task is not None:
            self.draining_events = True
            self._task.cancel()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abort()
        if self._task is not None:
            self._task.cancel()


def _forget(source: BodySource) -> bool:
    """Throws away what the handler did not read of the body; False when the connection has to close for it."""
    return source.forget(_UNREAD_BODY) if isinstance(source, InboundBody) else True

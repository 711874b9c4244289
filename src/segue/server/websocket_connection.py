"""An open WebSocket of the native server: the queue towards the handler, and peers that are slow, dead or hostile.

The frames are parsed and checked by the sans-I/O layer of ``websockets``; here is what surrounds it.
"""

import asyncio
import logging
from collections import deque

from websockets.frames import Close, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from segue.http.request import Request
from segue.http.websocket import NO_MESSAGE, CloseCode, WebSocketDisconnected, WebSocketOptions
from segue.server.service import Service

try:
    from websockets.speedups import apply_mask
except ImportError:
    from websockets.utils import apply_mask

__all__ = ["WebSocketConnection"]

logger = logging.getLogger("segue.server")
# The sans-I/O layer tells of every connection that closes; only its faults are worth a line.
_frames_logger = logging.getLogger("segue.server.frames")
_frames_logger.setLevel(logging.WARNING)

_NEVER = float("inf")
_TICK = 1.0  # deadlines are looked at once a second: one tick less keeps them within what was promised
_TO_FINISH = 10.0  # for a handler to end what it was at when the peer left, such as storing the last message
_CLOSE_TIMEOUT = 5.0  # for the peer's answer to a close frame
_COMPRESS_FROM = 256  # bytes; smaller messages hardly shrink without a shared window
_FEW_FRAGMENTS = 1024  # of one message; more must bring 64 bytes each on average (SEC-72)
_TEXT, _BINARY = 0x81, 0x82  # the first byte of a frame that is a whole message, not compressed

_HELD_BY_QUEUE = 1
_HELD_BY_WRITE = 2


class WebSocketConnection(asyncio.Protocol):
    """One open socket: a protocol for its transport, a channel for its handler, a connection for the service."""

    __slots__ = (
        "_backlog",
        "_closed",
        "_ended",
        "_fragment_count",
        "_fragments",
        "_held",
        "_left",
        "_lost",
        "_options",
        "_pinged",
        "_queue",
        "_queued_bytes",
        "_receiver",
        "_request",
        "_senders",
        "_service",
        "_task",
        "_text",
        "_transport",
        "_write_paused",
        "deadline",
        "protocol",
    )

    def __init__(
        self, service: Service, transport: asyncio.Transport, request: Request, options: WebSocketOptions
    ) -> None:
        self.protocol = Protocol(Side.SERVER, max_size=options.max_message, logger=_frames_logger)
        self.deadline = _NEVER
        self._service = service
        self._transport = transport
        self._request = request
        self._options = options
        self._task = asyncio.current_task()
        self._queue: deque[str | bytes] = deque()
        self._queued_bytes = 0
        self._fragments: bytearray | None = None
        self._fragment_count = 0
        self._text = False
        self._backlog = b""
        self._left = 0  # bytes of the frame under way that are still to come
        self._held = 0
        self._receiver: asyncio.Future[None] | None = None
        self._senders: deque[asyncio.Future[None]] = deque()
        self._write_paused = False
        self._pinged = False
        self._closed: WebSocketDisconnected | None = None
        self._lost = False
        self._ended = False

    def begin(self, head: bytes, backlog: bytes) -> None:
        """Takes the transport over, with the response head and what came after the request."""
        self._service.connections.add(self)
        self._transport.set_protocol(self)
        self._transport.write(head)
        self._alive()
        if self._service.draining:
            self.drain(restart=False)
        if backlog:
            self.data_received(backlog)
        if not self._held:
            self._transport.resume_reading()

    def end(self) -> None:
        """The session is over."""
        self._ended = True
        self._task = None
        self._queue.clear()
        if self._lost:
            self._service.connections.discard(self)
        elif self._closed is None:
            self._transport.abort()

    # --- the transport calls -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._closed is None:
            self._alive()
        if self._backlog:
            data, self._backlog = self._backlog + data, b""
        self._backlog = data[self._take(data) :]

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._request.connection.closed = True
        self._backlog = b""
        self._disconnected(CloseCode.ABNORMAL, "")
        if self._ended:
            self._service.connections.discard(self)
            return
        endpoint = self._request.endpoint
        if endpoint is None or endpoint.on_disconnect == "cancel":
            self.deadline = self._service.clock.now + _TO_FINISH
        else:
            timeout = self._service.limits.timeout_of(self._request)
            self.deadline = _NEVER if timeout is None else self._service.clock.now + timeout

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._next_sender()
        self._release(_HELD_BY_WRITE)

    # --- frames in -----------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> int:
        """Reads frames until the data ends, or the queue is full. Returns how many bytes were taken."""
        at, size = 0, len(data)
        most = self._options.max_message
        while at < size and not self._held:
            if self._left:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                self._feed(piece)
                continue
            if size - at < 2:
                break
            length = data[at + 1] & 0x7F
            start = at + 6
            if length >= 126:
                start += 2 if length == 126 else 8
                if size < start - 4:
                    break
                length = int.from_bytes(data[at + 2 : start - 4], "big")
            end = start + length
            # PERF: a small message that is one frame is all that most sockets ever carry.
            if (
                end <= size
                and (data[at] == _TEXT or data[at] == _BINARY)
                and data[at + 1] & 0x80
                and length <= most
                and self._fragments is None
            ):
                payload = apply_mask(data[start:end], data[start - 4 : start])
                self._message(payload, data[at] == _TEXT)
                at = end
            else:
                self._left = end - at
        return at

    def _feed(self, piece: bytes) -> None:
        protocol = self.protocol
        protocol.receive_data(piece)
        for frame in protocol.events_received():
            if isinstance(frame, Frame):
                self._frame(frame)
        self._flush()
        if protocol.state is not OPEN and self._closed is None:
            closed = protocol.close_rcvd or protocol.close_sent or Close(CloseCode.ABNORMAL, "")
            self._disconnected(closed.code, closed.reason)

    def _frame(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.PONG or opcode is Opcode.PING or opcode is Opcode.CLOSE:
            return
        if opcode is not Opcode.CONT:
            self._text = opcode is Opcode.TEXT
            if frame.fin:
                self._message(frame.data, self._text)
                return
            self._fragments = bytearray()
            self._fragment_count = 0
        if self._fragments is None:
            return
        self._fragments.extend(frame.data)
        self._fragment_count += 1
        if self._fragment_count > _FEW_FRAGMENTS + len(self._fragments) // 64:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "too many small fragments")
            return
        if frame.fin:
            whole, self._fragments = self._fragments, None
            self._message(whole, self._text)

    def _message(self, payload: bytes | bytearray | memoryview, text: bool) -> None:
        if self._closed is not None:
            return
        try:
            message = str(payload, "utf-8") if text else bytes(payload)
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "the text is not UTF-8")
            return
        self._queue.append(message)
        self._queued_bytes += len(payload)
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)
        if len(self._queue) >= self._options.max_queue or self._queued_bytes >= self._options.max_message:
            self._hold(_HELD_BY_QUEUE)

    # --- flow ----------------------------------------------------------------------------------------------------

    def _hold(self, reason: int) -> None:
        if not self._held and not self._transport.is_closing():
            self._transport.pause_reading()
        self._held |= reason

    def _release(self, reason: int) -> None:
        if not self._held & reason:
            return
        self._held &= ~reason
        if self._held:
            return
        if self._backlog:
            backlog, self._backlog = self._backlog, b""
            self.data_received(backlog)
        if not self._held and not self._transport.is_closing():
            self._transport.resume_reading()

    def _flush(self) -> None:
        """Sends what the sans-I/O layer wants to send: pongs, close frames, the end."""
        pieces = self.protocol.data_to_send()
        for piece in pieces:
            if piece:
                self._transport.write(piece)
            elif self.protocol.close_rcvd is not None or not self._transport.can_write_eof():
                self._transport.close()
            else:
                # Closing with unread bytes makes the system send a reset, which may overtake the close frame.
                self._transport.write_eof()
        if pieces and self._write_paused and self._closed is None:
            # A peer that sends pings and reads no pongs would fill the memory.
            self._hold(_HELD_BY_WRITE)

    def _alive(self) -> None:
        """The peer was heard of: the next ping is due after the interval."""
        interval = self._options.ping_interval
        self._pinged = False
        self.deadline = _NEVER if interval is None else self._service.clock.now + max(interval - _TICK, 0.0)

    def _next_sender(self) -> None:
        if self._senders and not self._write_paused and not self._senders[0].done():
            self._senders[0].set_result(None)

    # --- the end -------------------------------------------------------------------------------------------------

    def _fail(self, code: int, reason: str) -> None:
        """Closes because of what the peer did: nothing more of it is read."""
        self.protocol.fail(code, reason)
        self._disconnected(code, reason)
        self.deadline = self._service.clock.now + self._service.limits.linger
        self._flush()

    def _disconnected(self, code: int, reason: str) -> None:
        """From here on the handler cannot send, and receives only what had arrived."""
        if self._closed is not None:
            return
        self._closed = WebSocketDisconnected(code, reason)
        self._fragments = None
        self.deadline = self._service.clock.now + _CLOSE_TIMEOUT
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)
        for sender in self._senders:
            if not sender.done():
                sender.set_result(None)
        self._release(_HELD_BY_QUEUE | _HELD_BY_WRITE)

    # --- the handler calls ---------------------------------------------------------------------------------------

    async def receive(self) -> str | bytes:
        queue = self._queue
        while not queue:
            if self._closed is not None:
                raise WebSocketDisconnected(self._closed.code, self._closed.reason)
            if self._receiver is not None:
                raise RuntimeError(
                    "two tasks receive from one WebSocket at the same time; let one receive and hand the messages on"
                )
            self._receiver = asyncio.get_running_loop().create_future()
            try:
                if self._options.receive_timeout is None:
                    await self._receiver
                else:
                    await self._received_in_time(self._receiver, self._options.receive_timeout)
            finally:
                self._receiver = None
        message = queue.popleft()
        if not queue:
            self._queued_bytes = 0
            if self._held:
                self._release(_HELD_BY_QUEUE)
        return message

    async def _received_in_time(self, receiver: asyncio.Future[None], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await receiver
        except TimeoutError:
            await self.close(CloseCode.GOING_AWAY, NO_MESSAGE)

    async def send(self, message: str | bytes) -> None:
        payload = message.encode() if isinstance(message, str) else message
        if self._write_paused or self._senders:
            await self._turn()
        if self._closed is not None:
            raise WebSocketDisconnected(self._closed.code, self._closed.reason)
        size = len(payload)
        first = _TEXT if isinstance(message, str) else _BINARY
        if size >= _COMPRESS_FROM and self.protocol.extensions:
            if first == _TEXT:
                self.protocol.send_text(payload)
            else:
                self.protocol.send_binary(payload)
            for piece in self.protocol.data_to_send():
                self._transport.write(piece)
        # PERF: the server's frames are not masked, so that two bytes before the payload make one.
        elif size < 126:
            self._transport.write(b"%c%c%b" % (first, size, payload))
        elif size < 65536:
            self._transport.write(b"%c\x7e%b%b" % (first, size.to_bytes(2, "big"), payload))
        else:
            self._transport.write(b"%c\x7f%b" % (first, size.to_bytes(8, "big")))
            self._transport.write(payload)
        if self._senders:
            self._next_sender()

    async def _turn(self) -> None:
        """Waits until the peer has read enough for one more message, after those that wait already."""
        if len(self._senders) >= self._options.max_queue:
            self._give_up("too many messages wait for the peer to read")
            return
        sender: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._senders.append(sender)
        try:
            async with asyncio.timeout(self._options.send_timeout):
                await sender
        except TimeoutError:
            self._give_up("the peer does not read")
        except asyncio.CancelledError:
            self._senders.remove(sender)
            self._next_sender()
            raise
        self._senders.remove(sender)

    def _give_up(self, reason: str) -> None:
        if self._closed is None:
            self.protocol.send_close(CloseCode.TRY_AGAIN_LATER, reason)
            self._disconnected(CloseCode.TRY_AGAIN_LATER, reason)
            self._flush()

    async def close(self, code: int, reason: str) -> None:
        if self._closed is not None:
            return
        self.protocol.send_close(code, reason)
        self._queue.clear()
        self._disconnected(code, reason)
        self._flush()

    # --- the service calls ---------------------------------------------------------------------------------------

    def expire(self, now: float) -> None:
        """``deadline`` has passed: time for a ping, or the peer is dead, or the handler does not end."""
        if self._lost:
            self.deadline = _NEVER
            self._end_handler()
        elif self._closed is not None:
            self.deadline = now + _TICK
            self._transport.abort()
        elif not self._pinged:
            self._pinged = True
            self.deadline = now + max(self._options.ping_timeout - _TICK, 0.0)
            if not self._write_paused:
                self.protocol.send_ping(b"")
                self._flush()
        elif self._held and not self._write_paused:
            self._alive()  # its pong is behind messages that the handler has not taken
        else:
            self._fail(CloseCode.INTERNAL_ERROR, "no answer to a ping")
            self._transport.abort()

    def _end_handler(self) -> None:
        """The peer is gone, and the handler waits for something else, or for ever."""
        endpoint = self._request.endpoint
        if self._task is None:
            return
        if endpoint is not None and endpoint.on_disconnect != "cancel":
            logger.error("%r: %s did not end after the peer was gone", self._request, endpoint)
        self._task.cancel()

    def drain(self, *, restart: bool) -> None:
        """Closes with 1012 when another worker takes over, so that clients come back; else with 1001."""
        if self._closed is None:
            code = CloseCode.SERVICE_RESTART if restart else CloseCode.GOING_AWAY
            self.protocol.send_close(code, "")
            self._disconnected(code, "")
            self._flush()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
        if self._task is not None:
            self._task.cancel()

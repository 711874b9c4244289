"""The hub of a machine: one process carries the messages of all, in a thread of its own, over a Unix socket.

A thread, because what the process does besides must not hold up the messages of others.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from segue.channels.backend import Keeping
from segue.channels.board import Board
from segue.channels.entry import Entry
from segue.channels.frames import Frames, frame

__all__ = ["Hub"]

logger = logging.getLogger("segue.channels")

_SETTLE = 0.3  # seconds for the processes to tell what they have, after a hub that died
_BEHIND = (
    32 * 1024 * 1024
)  # bytes that may wait for one process; then it has to connect again, and fetches what is kept


class Hub:
    """Serves on ``listening``. ``state``: where the next hub finds what this one has kept; ``after_crash``: the last one left nothing."""

    def __init__(self, listening: socket.socket, state: Path, keeping: Keeping, *, after_crash: bool) -> None:
        self.board = Board(keeping)
        self.settled = asyncio.Event()
        self.followers: dict[str, set[_Process]] = {}
        self._listening = listening
        self._state = state
        self._after_crash = after_crash
        self._processes: set[_Process] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="segue-hub", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, and leaves what is kept to the next. Blocks shortly: call it in a thread."""
        try:
            self._loop.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            return  # it has ended
        self._thread.join(5)

    def connected(self, process: "_Process") -> None:
        """A process has come."""
        self._processes.add(process)

    def gone(self, process: "_Process") -> None:
        """A process has left, or died: who was there by its word is not."""
        self._processes.discard(process)
        for channel in process.follows:
            self.followers.get(channel, set()).discard(process)
        for channel, member in process.present:
            self.board.leave(channel, member)

    def give(self, channel: str, entry: Entry) -> None:
        """Gives a message to all processes that follow its channel."""
        data = frame([0, channel, entry.pack()])
        for process in list(self.followers.get(channel, ())):
            process.send(data)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception:
            logger.exception("the hub of the channels has ended")
        finally:
            self._listening.close()
            self._loop.close()

    async def _serve(self) -> None:
        self._adopt()
        server = await self._loop.create_unix_server(lambda: _Process(self), sock=self._listening)
        if self._after_crash:
            self._loop.call_later(_SETTLE, self.settled.set)
        else:
            self.settled.set()
        await self._stop.wait()
        server.close()
        self._leave()
        for process in list(self._processes):
            process.abort()
        await asyncio.sleep(0)

    def _adopt(self) -> None:
        try:
            told: dict[str, list[bytes]] = msgspec.msgpack.decode(
                self._state.read_bytes(), type=dict[str, list[bytes]]
            )
            self._state.unlink()
        except (OSError, msgspec.MsgspecError):
            return
        for channel, entries in told.items():
            self.board.adopt(channel, map(Entry.unpack, entries))

    def _leave(self) -> None:
        try:
            self._state.touch(0o600)
            self._state.write_bytes(msgspec.msgpack.encode(self.board.state()))
        except OSError as error:
            logger.warning("what the channels have kept cannot be left to the next hub: %s", error)


class _Process(asyncio.Protocol):
    """One connected process."""

    def __init__(self, hub: Hub) -> None:
        self.follows: set[str] = set()
        self.present: set[tuple[str, str]] = set()
        self._hub = hub
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert_is: Any = transport
        self._transport = assert_is
        self._hub.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._hub.gone(self)

    def data_received(self, data: bytes) -> None:
        hub = self._hub
        try:
            for number, what, *arguments in self._frames.feed(data):
                if what == "hello" or hub.settled.is_set():
                    self._answer(number, what, arguments)
                else:
                    task = hub._loop.create_task(self._answer_later(number, what, arguments))
                    task.add_done_callback(_told)
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            logger.error("what a process says to the hub of the channels is not understood: %s", error)
            self.abort()

    def send(self, data: bytes) -> None:
        """Writes; who does not read has to begin anew."""
        transport = self._transport
        if transport is None:
            return
        transport.write(data)
        if transport.get_write_buffer_size() > _BEHIND:
            logger.warning("a process does not read its messages; it has to connect again")
            transport.abort()

    def abort(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()

    async def _answer_later(self, number: int, what: str, arguments: list[Any]) -> None:
        await self._hub.settled.wait()
        self._answer(number, what, arguments)

    def _answer(self, number: int, what: str, arguments: list[Any]) -> None:
        self.send(frame([number, _ANSWERS[what](self, *arguments)]))

    def _hello(self, told: dict[str, list[bytes]]) -> None:
        for channel, entries in told.items():
            self._hub.board.adopt(channel, map(Entry.unpack, entries))

    def _publish(self, channel: str, token: str, body: bytes) -> bytes | None:
        entry = self._hub.board.publish(channel, token, body)
        if entry is None:  # it was published before, and the answer lost
            known = self._hub.board.published(channel, token)
            return known.pack() if known else None
        self._hub.give(channel, entry)
        return entry.pack()

    def _follow(self, channel: str) -> None:
        self.follows.add(channel)
        self._hub.followers.setdefault(channel, set()).add(self)
        self._hub.board.followed.add(channel)

    def _unfollow(self, channel: str) -> None:
        self.follows.discard(channel)
        there = self._hub.followers.get(channel, set())
        there.discard(self)
        if not there:
            self._hub.followers.pop(channel, None)
            self._hub.board.followed.discard(channel)

    def _recent(self, channel: str, count: int) -> list[Any]:
        recent = self._hub.board.recent(channel, count)
        return [recent.epoch, recent.number, [one.pack() for one in recent.entries]]

    def _enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        self.present.add((channel, member))
        self._hub.board.enter(channel, member, body, seconds)

    def _leave(self, channel: str, member: str) -> None:
        self.present.discard((channel, member))
        self._hub.board.leave(channel, member)

    def _members(self, channel: str) -> dict[str, bytes]:
        return self._hub.board.members(channel)


_ANSWERS: dict[str, Callable[..., Any]] = {
    "hello": _Process._hello,
    "publish": _Process._publish,
    "follow": _Process._follow,
    "unfollow": _Process._unfollow,
    "recent": _Process._recent,
    "enter": _Process._enter,
    "leave": _Process._leave,
    "members": _Process._members,
}


def _told(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("the hub of the channels could not answer", exc_info=task.exception())

"""Channels of the processes of one machine, with no other program: whoever comes first is the hub, and another one after it."""

import asyncio
import fcntl
import hashlib
import logging
import socket
from collections import deque
from pathlib import Path
from typing import IO, Any

from segue.channels.backend import ChannelsDown, Deliver, Keeping, Missed, Recent
from segue.channels.entry import Entry
from segue.channels.frames import Frames, frame
from segue.channels.hub import Hub
from segue.core.files.ownfolder import own_folder

__all__ = ["LocalBackend"]

logger = logging.getLogger("segue.channels")

_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.5  # seconds between two tries to reach the hub
_PATIENCE = 5.0  # seconds until the hub counts as down


class LocalBackend:
    """``Channels("local:name")``: all processes of this user that name the same, in the same folder, see the same channels.

    Nothing is lost when the process that is the hub ends or is killed: each process knows the last messages of the channels that it
    follows and tells them to the next hub, and what was not answered is published again.
    """

    counted = True

    def __init__(self, name: str) -> None:
        # Two projects of one user are apart, their workers and commands are not.
        digest = hashlib.sha256(f"{Path.cwd()}\n{name}".encode()).hexdigest()[:16]
        self._digest = digest
        self._path: Path  # since it was opened
        self._keeping = Keeping(0, 0)
        self._deliver: Deliver  # and what follows: since it was opened
        self._missed: Missed
        self._known: dict[str, deque[bytes]] = {}
        self._present: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._hub: Hub | None = None
        self._lock: IO[bytes] | None = None
        self._running: asyncio.Task[None] | None = None
        self._connection: _Connection | None = None
        self._connected = asyncio.Event()
        self._closing = False

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        self._deliver, self._missed, self._keeping = deliver, missed, keeping
        self._closing = False
        self._connected = asyncio.Event()
        self._path = own_folder() / f"{self._digest}.sock"
        self._running = asyncio.get_running_loop().create_task(self._stay_connected(), name="segue-channels")

    async def close(self) -> None:
        self._closing = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if self._connection is not None:
            self._connection.abort()
            self._connection = None
        self._connected.clear()
        hub, lock = self._hub, self._lock
        self._hub = self._lock = None
        if hub is not None:
            self._path.unlink(missing_ok=True)
            await asyncio.to_thread(hub.stop)
        if lock is not None:
            lock.close()
        self._known.clear()
        self._present.clear()

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        packed = await self._ask("publish", channel, token, body)
        if packed is None:
            raise ChannelsDown(f"the message was published to {channel!r}, but is kept no more")
        return Entry.unpack(packed)

    async def follow(self, channel: str) -> None:
        self._known[channel] = deque(maxlen=self._keeping.count)
        await self._ask("follow", channel)

    async def unfollow(self, channel: str) -> None:
        self._known.pop(channel, None)
        if self._connection is not None:
            await self._ask("unfollow", channel)

    async def recent(self, channel: str, count: int) -> Recent:
        epoch, number, entries = await self._ask("recent", channel, count)
        return Recent(epoch, number, [Entry.unpack(one) for one in entries])

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        self._present[channel, member] = (body, seconds)
        await self._ask("enter", channel, member, body, seconds)

    async def leave(self, channel: str, member: str) -> None:
        self._present.pop((channel, member), None)
        await self._ask("leave", channel, member)

    async def members(self, channel: str) -> dict[str, bytes]:
        found: dict[str, bytes] = await self._ask("members", channel)
        return found

    async def _ask(self, what: str, *arguments: Any) -> Any:
        """The hub's answer; asked again when the hub ends meanwhile. What is asked may be asked twice."""
        if self._closing:
            raise ChannelsDown("the channels are closed")
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    await self._connected.wait()
                    connection: Any = self._connection
                    try:
                        return await connection.ask(what, *arguments)
                    except ConnectionError:
                        if self._connection is connection:
                            self._connection = None
                            self._connected.clear()
        except TimeoutError:
            raise ChannelsDown("the hub of the channels does not answer") from None

    async def _stay_connected(self) -> None:
        wait = _FIRST_WAIT
        first = True
        while True:
            try:
                connection = await self._connect()
            except OSError as error:
                if not self._become_hub():
                    if wait >= _LONGEST_WAIT:
                        logger.warning("the hub of the channels at %s is not reached: %s", self._path, error)
                    await asyncio.sleep(wait)
                    wait = min(_LONGEST_WAIT, wait * 2)
                continue
            wait = _FIRST_WAIT
            try:
                await self._introduce(connection)
            except ConnectionError:
                continue
            self._connection = connection
            self._connected.set()
            if not first:
                self._missed(None)
            first = False
            await connection.closed
            self._connected.clear()
            self._connection = None

    async def _connect(self) -> "_Connection":
        _, connection = await asyncio.get_running_loop().create_unix_connection(
            lambda: _Connection(self._take), str(self._path)
        )
        return connection

    async def _introduce(self, connection: "_Connection") -> None:
        await connection.ask("hello", {name: list(known) for name, known in self._known.items()})
        for channel in list(self._known):
            await connection.ask("follow", channel)
        for (channel, member), (body, seconds) in list(self._present.items()):
            await connection.ask("enter", channel, member, body, seconds)

    def _take(self, channel: str, packed: bytes) -> None:
        known = self._known.get(channel)
        if known is not None:
            known.append(packed)
            self._deliver(channel, Entry.unpack(packed))

    def _become_hub(self) -> bool:
        """Whether this process is the hub now: if no other one is."""
        if self._hub is not None:
            return False
        lock = self._path.with_suffix(".lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        crashed = self._path.exists()  # who ends in order takes its socket away
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self._path))
            listening.listen(1024)
        except OSError:
            listening.close()
            lock.close()
            raise
        self._lock = lock
        self._hub = Hub(listening, self._path.with_suffix(".state"), self._keeping, after_crash=crashed)
        self._hub.start()
        return True


class _Connection(asyncio.Protocol):
    """The connection to the hub."""

    def __init__(self, take: Deliver | Any) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._take = take
        self._frames = Frames()
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(ConnectionResetError("the hub has gone"))
        self._asked.clear()

    def data_received(self, data: bytes) -> None:
        for number, *rest in self._frames.feed(data):
            if number == 0:
                self._take(*rest)
            else:
                future = self._asked.pop(number, None)
                if future is not None and not future.done():
                    future.set_result(rest[0])

    async def ask(self, what: str, *arguments: Any) -> Any:
        """The answer. Raises ConnectionError when the hub goes before it comes."""
        if self.closed.done():
            raise ConnectionResetError("the hub has gone")
        self._number += 1
        number = self._number
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        self._transport.write(frame([number, what, *arguments]))
        try:
            return await future
        finally:
            self._asked.pop(number, None)

    def abort(self) -> None:
        """Ends the connection."""
        if self._transport is not None:
            self._transport.abort()

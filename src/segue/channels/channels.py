"""What an app does with channels: to publish, to subscribe, to see who is there."""

import asyncio
import os
import secrets
import sys
from types import UnionType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import msgspec

from segue.channels.backend import Backend, Keeping
from segue.channels.choice import backend_for
from segue.channels.entry import Entry, token_of
from segue.channels.following import Following
from segue.channels.message import Message, position_of
from segue.channels.presence import Presence
from segue.channels.sockets import relayed
from segue.channels.subscription import Subscription, WhenFull
from segue.http.websocket import WebSocket

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup

__all__ = ["Channels"]

T = TypeVar("T")

_LONGEST_NAME = 200


class Channels:
    """Messages by channel, to all who have subscribed: ``App(plugins=[Channels()])``, and handlers ask for ``channels: Channels``.

    ``where``: what carries them. Without it the environment says so (``SEGUE_CHANNELS``), else it is ``"local:"``.

    - ``"memory:"``: this process
    - ``"local:"``, ``"local:name"``: the processes of this user on this machine, with no other program
    - ``"postgresql://..."``, ``"redis://..."``, ``"nats://..."``: many machines
    - a Backend of yours

    ``keep`` messages of each channel are kept for ``keep_for`` seconds: for ``history=``, and for readers whose connection was away.
    Values are what msgspec writes: numbers, texts, dates, lists, dicts, Structs, models without their private fields.

    In a script: ``async with Channels("redis://...") as channels: await channels.publish(...)``.
    """

    name = "channels"

    def __init__(
        self, where: "str | Backend | None" = None, *, keep: int = 100, keep_for: float = 3600.0
    ) -> None:
        if keep < 0 or keep_for <= 0:
            raise ValueError(
                f"keep is a number of messages and keep_for of seconds, not {keep} and {keep_for}"
            )
        # Without Unix sockets there is one worker anyway.
        here = "memory:" if sys.platform == "win32" else "local:"
        self.where = where if where is not None else os.environ.get("SEGUE_CHANNELS") or here
        self._keeping = Keeping(keep, keep_for)
        self._backend: Backend = backend_for(self.where, "")
        self._following: dict[str, Following] = {}
        self._process = secrets.token_hex(4)
        self._places = 0
        self._opened = 0
        self._loop: asyncio.AbstractEventLoop  # since it was opened

    def belong_to(self, app: str) -> None:
        """Keeps these channels apart from those of other apps; the plugin says it, where no backend of yours was given."""
        if isinstance(self.where, str) and not self._opened:
            self._backend = backend_for(self.where, app)

    def setup(self, to: "Setup") -> None:
        """Declares what a plugin declares."""
        from segue.channels.plugin import set_up

        set_up(self, to)

    async def open(self) -> None:
        """Begins, in the running loop; the plugin does that."""
        self._opened += 1
        if self._opened == 1:
            self._loop = asyncio.get_running_loop()
            await self._backend.open(self._deliver, self._missed, self._keeping)

    async def close(self) -> None:
        """Ends: subscriptions that are open get nothing more."""
        self._opened -= 1
        if self._opened:
            return
        for following in self._following.values():
            following.end()
            for reader in list(following.readers):
                reader.stop()
        self._following.clear()
        await self._backend.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def publish(self, channel: str, data: object) -> str:
        """Gives ``data`` to all who have subscribed to ``channel``; the id of the message.

            await channels.publish("chat.7", Line(author="Django", text="Nuages"))

        In a transaction, after it: ``db.on_commit(lambda: channels.publish(...))``. Raises ChannelsDown (503) when what carries messages
        does not answer, TypeError for what cannot be written, ValueError for a channel of no fit name.
        """
        entry = await self._send(_checked(channel), msgspec.msgpack.encode(data))
        return Message(channel, data, entry).id

    @overload
    def subscribe(
        self,
        *channels: str,
        history: int = ...,
        after: str | None = ...,
        size: int = ...,
        when_full: WhenFull = ...,
    ) -> Subscription[Any]: ...
    @overload
    def subscribe(
        self,
        *channels: str,
        type: type[T],
        history: int = ...,
        after: str | None = ...,
        size: int = ...,
        when_full: WhenFull = ...,
    ) -> Subscription[T]: ...
    @overload
    def subscribe(
        self,
        *channels: str,
        type: UnionType,
        history: int = ...,
        after: str | None = ...,
        size: int = ...,
        when_full: WhenFull = ...,
    ) -> Subscription[Any]: ...
    def subscribe(
        self,
        *channels: str,
        type: Any = Any,
        history: int = 0,
        after: str | None = None,
        size: int = 1_000,
        when_full: WhenFull = "drop_oldest",
    ) -> Subscription[Any]:
        """Reads what is published from now on: ``async with channels.subscribe("news") as messages: async for message in messages:``.

        ``type``: of the data; ``Said | Left`` for one of several. ``history``: so many of the last messages first. ``after``: the ``id`` of the last message that a client
        has seen; it gets all that came after it, and a Gap first if that is kept no more. It may be anything, as clients send it; empty is None.
        ``size``, ``when_full``: see Subscription.
        """
        if not channels:
            raise TypeError("subscribe to at least one channel: channels.subscribe('news')")
        if size < 1 or history < 0:
            raise ValueError(f"size is at least 1 and history at least 0, not {size} and {history}")
        if after is not None and len(channels) > 1:
            raise TypeError("an id is that of a message of one channel: after= goes with one channel")
        position = position_of(after) if after else None

        joined: list[Following] = []

        async def begin(reader: Subscription[Any]) -> None:
            backend = self._carrier
            for channel in reader.channels:
                following = self._following.get(channel)
                if following is None:
                    following = Following(channel, backend, self._keeping.count)
                    self._following[channel] = following
                joined.append(following)
                await following.join(reader, history, position)

        async def end(reader: Subscription[Any]) -> None:
            for following in joined:
                await following.part(reader)
                if not following.users:
                    self._following.pop(following.channel, None)

        return Subscription(tuple(dict.fromkeys(map(_checked, channels))), type, size, when_full, begin, end)

    @overload
    async def history(self, channel: str, count: int = ...) -> list[Message[Any]]: ...
    @overload
    async def history(self, channel: str, count: int = ..., *, type: type[T]) -> list[Message[T]]: ...
    async def history(self, channel: str, count: int = 100, *, type: Any = Any) -> list[Message[Any]]:
        """The last ``count`` messages that are kept, the oldest first."""
        recent = await self._carrier.recent(_checked(channel), count)
        return [Message(channel, msgspec.msgpack.decode(one.body, type=type), one) for one in recent.entries]

    @overload
    def presence(self, channel: str, *, seconds: float = ...) -> Presence[Any]: ...
    @overload
    def presence(self, channel: str, type: type[T], *, seconds: float = ...) -> Presence[T]: ...
    def presence(self, channel: str, type: Any = Any, *, seconds: float = 30.0) -> Presence[Any]:
        """Who is in a channel: see Presence."""
        return Presence(self, _checked(channel), type, seconds)

    async def relay(
        self, socket: WebSocket, *channels: str, publish: str | None = None, type: Any = Any, history: int = 0
    ) -> None:
        """Sends a WebSocket what is published, and publishes what it sends, until it leaves.

            @app.websocket("/chat/{room}")
            async def chat(socket: WebSocket, room: str, channels: Channels) -> None:
                await channels.relay(socket, f"chat.{room}", publish=f"chat.{room}", type=Line, history=20)

        ``publish``: where what the client sends goes, validated as ``type``; without it that is dropped. Text
        goes as text, everything else as JSON. A client that does not keep up is closed with 1013 (try again later).
        """
        await relayed(self, socket, channels, publish, type, history)

    @property
    def _carrier(self) -> Backend:
        """The backend, if it is open. Raises RuntimeError."""
        if not self._opened:
            raise RuntimeError(
                "these channels are not open: list them, App(plugins=[channels]), or use `async with channels:`"
            )
        return self._backend

    async def _send(self, channel: str, body: bytes) -> Entry:
        publishing = self._carrier.publish(channel, token_of(), body)
        if asyncio.get_running_loop() is self._loop:
            return await publishing
        # From another thread, such as that of a test or of a receiver of signals in it: who reads is on the loop of the app.
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(publishing, self._loop))

    def _deliver(self, channel: str, entry: Entry) -> None:
        following = self._following.get(channel)
        if following is not None:
            following.take(entry)

    def _missed(self, channel: str | None) -> None:
        for following in (
            list(self._following.values()) if channel is None else [self._following.get(channel)]
        ):
            if following is not None:
                following.catch_up()

    def _next_place(self) -> int:
        self._places += 1
        return self._places


def _checked(channel: str) -> str:
    if (
        not isinstance(channel, str)
        or not 0 < len(channel) <= _LONGEST_NAME
        or not channel.isprintable()
        or " " in channel
    ):
        raise ValueError(
            f"a channel has a name of 1 to {_LONGEST_NAME} printable characters without spaces, not {channel!r:.80}"
        )
    return channel

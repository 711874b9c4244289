"""Who is there: members of a channel, for as long as their process says so."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from segue.channels.backend import ChannelsDown

if TYPE_CHECKING:
    from segue.channels.channels import Channels

__all__ = ["Presence"]

logger = logging.getLogger("segue.channels")

T = TypeVar("T")

_SECONDS = 30.0  # how long a member is there whose process has died


class Presence(Generic[T]):
    """Who is in a channel: ``channels.presence("chat.7", str)``, each with what is known of it, of one type.

        people = channels.presence("chat.7", str)
        async with people.join("django", "Django Reinhardt"):
            await people.now()                       # {"django": "Django Reinhardt"}
        async for who in people.changes(): ...

    ``seconds``: how long somebody is listed whose process has ended without a word.
    """

    def __init__(self, channels: "Channels", channel: str, type: Any, seconds: float = _SECONDS) -> None:
        self._channels = channels
        self._channel = channel
        self._type = type
        self._seconds = seconds

    @asynccontextmanager
    async def join(self, member: str, about: T) -> AsyncGenerator[None]:
        """Lists ``member`` while the block runs. The same member may be there several times: it is listed until the last has left."""
        if not 0 < len(member) <= 200:
            raise ValueError(f"a member has a name of 1 to 200 characters, not {member!r:.60}")
        place = f"{member}\n{self._channels._process}-{self._channels._next_place()}"
        body = msgspec.msgpack.encode(about)
        await self._channels._carrier.enter(self._channel, place, body, self._seconds)
        still = asyncio.create_task(self._still(place, body))
        await self._tell()
        try:
            yield
        finally:
            still.cancel()
            try:
                await self._channels._carrier.leave(self._channel, place)
                await self._tell()
            except ChannelsDown:
                pass  # it is listed for as long as one that has died

    async def now(self) -> dict[str, T]:
        """Who is there."""
        found = await self._channels._carrier.members(self._channel)
        decoded = {place.partition("\n")[0]: body for place, body in sorted(found.items())}
        return {member: msgspec.msgpack.decode(body, type=self._type) for member, body in decoded.items()}

    async def changes(self) -> AsyncGenerator[dict[str, T]]:
        """Who is there now, and again each time when that is another."""
        known: dict[str, T] | None = None
        async with self._channels.subscribe(self._notices, type=type(None), size=1) as notices:
            while True:
                try:
                    there = await self.now()
                except ChannelsDown:
                    there = known or {}
                if there != known:
                    known = there
                    yield dict(there)
                try:
                    # Who has died says nothing: it is looked for.
                    async with asyncio.timeout(self._seconds / 2):
                        await notices.get()
                except TimeoutError:
                    pass

    @property
    def _notices(self) -> str:
        return f"{self._channel}~presence"

    async def _still(self, place: str, body: bytes) -> None:
        while True:
            await asyncio.sleep(self._seconds / 3)
            try:
                await self._channels._carrier.enter(self._channel, place, body, self._seconds)
            except ChannelsDown as error:
                logger.warning("the presence in %r is not renewed: %s", self._channel, error)

    async def _tell(self) -> None:
        await self._channels._send(self._notices, msgspec.msgpack.encode(None))

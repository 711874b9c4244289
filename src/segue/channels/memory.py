"""Channels within one process: for one worker, for development and tests."""

from segue.channels.backend import Deliver, Keeping, Missed, Recent
from segue.channels.board import Board
from segue.channels.entry import Entry

__all__ = ["MemoryBackend"]


class MemoryBackend:
    """``Channels("memory:")``: nothing leaves the process."""

    counted = True

    def __init__(self) -> None:
        self._board = Board(Keeping(0, 0))
        self._deliver: Deliver  # since it was opened

    async def open(self, deliver: Deliver, missed: Missed, keeping: Keeping) -> None:
        self._board = Board(keeping)
        self._deliver = deliver

    async def close(self) -> None:
        return None

    async def publish(self, channel: str, token: str, body: bytes) -> Entry:
        entry = self._board.publish(channel, token, body)
        if entry is None:
            raise ValueError(f"the token {token!r} is that of another message")
        if channel in self._board.followed:
            self._deliver(channel, entry)
        return entry

    async def follow(self, channel: str) -> None:
        self._board.followed.add(channel)

    async def unfollow(self, channel: str) -> None:
        self._board.followed.discard(channel)

    async def recent(self, channel: str, count: int) -> Recent:
        return self._board.recent(channel, count)

    async def enter(self, channel: str, member: str, body: bytes, seconds: float) -> None:
        self._board.enter(channel, member, body, seconds)

    async def leave(self, channel: str, member: str) -> None:
        self._board.leave(channel, member)

    async def members(self, channel: str) -> dict[str, bytes]:
        return self._board.members(channel)

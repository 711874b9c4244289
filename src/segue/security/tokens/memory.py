"""Sign-ins by tokens in memory: for tests, and for one process."""

import time
from collections.abc import Sequence

import msgspec

from segue.security.tokens.families import Family

__all__ = ["MemoryFamilies"]


class MemoryFamilies:
    """Keeps them in this process."""

    def __init__(self) -> None:
        self._known: dict[str, Family] = {}

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """They are gone with the process."""

    async def sweep(self) -> int:
        over = [one for one in self._known.values() if one.until < time.time()]
        for one in over:
            del self._known[one.id]
        return len(over)

    async def add(self, family: Family) -> None:
        self._known[family.id] = msgspec.structs.replace(family)

    async def read(self, id: str) -> Family | None:
        family = self._known.get(id)
        return None if family is None or family.until < time.time() else msgspec.structs.replace(family)

    async def advance(self, id: str, step: int, now: float) -> bool:
        family = self._known.get(id)
        if family is None or family.step != step:
            return False
        family.step, family.used = step + 1, now
        return True

    async def end(self, id: str) -> None:
        self._known.pop(id, None)

    async def end_all(self, owner: str) -> int:
        own = [one for one in self._known.values() if one.owner == owner]
        for one in own:
            del self._known[one.id]
        return len(own)

    async def of(self, owner: str) -> Sequence[Family]:
        return [msgspec.structs.replace(one) for one in self._known.values() if one.owner == owner]

"""A part of a store, as a store: what others keep in the same one is not seen, and not forgotten with it."""

from collections.abc import Sequence

from segue.stores.store import Store, key_of

__all__ = ["Namespace"]


class Namespace:
    """What is under a name in a store.

        drafts = Namespace(store, "drafts")
        await drafts.set(key_of(user.email), text.encode(), 3600)
        await drafts.clear()          # the drafts, and nothing else

    A namespace within a namespace is cleared with it.
    """

    def __init__(self, store: Store, name: str) -> None:
        if not name:
            raise ValueError("a namespace has a name: Namespace(store, 'drafts')")
        self.store = store
        self.prefix = key_of(name) + "/"

    @property
    def shared(self) -> bool:
        return self.store.shared

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        return await self.store.get(self.prefix + key, renew)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        return await self.store.get_many([self.prefix + key for key in keys])

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        await self.store.set(self.prefix + key, value, seconds)

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        return await self.store.add(self.prefix + key, value, seconds)

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        return await self.store.swap(self.prefix + key, old, new, seconds)

    async def touch(self, key: str, seconds: float | None) -> bool:
        return await self.store.touch(self.prefix + key, seconds)

    async def delete(self, keys: Sequence[str]) -> int:
        return await self.store.delete([self.prefix + key for key in keys])

    async def delete_if(self, key: str, value: bytes) -> bool:
        return await self.store.delete_if(self.prefix + key, value)

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        return await self.store.increment(self.prefix + key, by, seconds)

    async def clear(self, prefix: str = "") -> None:
        await self.store.clear(self.prefix + prefix)

    async def delete_expired(self) -> int:
        """Gives up the room of what is over, in all of the store."""
        return await self.store.delete_expired()

    async def close(self) -> None:
        await self.store.close()

    def __repr__(self) -> str:
        return f"<Namespace {self.prefix!r} of {self.store!r}>"

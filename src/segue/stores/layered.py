"""A quick store before one that forgets nothing: reads come from the first, and all that is written is in the second."""

from collections.abc import Sequence

from segue.stores.store import Store, StoreDown

__all__ = ["LayeredStore"]

_HELD, _MOVED = b"\x01", b"\x00"


class LayeredStore:
    """Reads from ``near``, and from ``far`` what that does not have; writes to ``far``.

        Sessions(LayeredStore(open_store("redis://localhost"), DatabaseStore()))

    ``near`` may lose all it has, or be away, and nothing is lost but time. What is written makes ``near`` ask ``far`` for ``settle`` seconds: so
    nobody who was reading while another one wrote leaves there what was before. ``seconds``: how long ``near`` keeps a value.
    Raises ValueError where ``far`` is shared and ``near`` is not: other processes would go on with what is over.
    """

    def __init__(self, near: Store, far: Store, *, seconds: float = 300.0, settle: float = 10.0) -> None:
        if far.shared and not near.shared:
            raise ValueError(
                "the near store is of one process and the far one is shared: what another process writes would not be seen. "
                "Put one before it that is shared too, such as redis:// or memcached://"
            )
        self.near = near
        self.far = far
        self._seconds = seconds
        self._settle = settle

    @property
    def shared(self) -> bool:
        return self.far.shared

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        if renew is not None:
            return await self.far.get(key, renew)
        return (await self.get_many([key]))[0]

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        try:
            found = await self.near.get_many(keys)
        except StoreDown:
            return await self.far.get_many(keys)
        values = {key: one[1:] for key, one in zip(keys, found, strict=True) if one and one[:1] == _HELD}
        missing = [key for key in dict.fromkeys(keys) if key not in values]
        if missing:
            fresh = zip(missing, await self.far.get_many(missing), strict=True)
            for key, value in fresh:
                if value is not None:
                    values[key] = value
                    await self._keep(key, value)
        return [values.get(key) for key in keys]

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        await self.far.set(key, value, seconds)
        await self._moved(key)

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        done = await self.far.add(key, value, seconds)
        if done:
            await self._moved(key)
        return done

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        done = await self.far.swap(key, old, new, seconds)
        if done:
            await self._moved(key)
        return done

    async def touch(self, key: str, seconds: float | None) -> bool:
        done = await self.far.touch(key, seconds)
        await self._moved(key)
        return done

    async def delete(self, keys: Sequence[str]) -> int:
        count = await self.far.delete(keys)
        for key in keys:
            await self._moved(key)
        return count

    async def delete_if(self, key: str, value: bytes) -> bool:
        done = await self.far.delete_if(key, value)
        if done:
            await self._moved(key)
        return done

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        number = await self.far.increment(key, by, seconds)
        await self._moved(key)
        return number

    async def clear(self, prefix: str = "") -> None:
        await self.far.clear(prefix)
        await self.near.clear(prefix)

    async def delete_expired(self) -> int:
        return await self.far.delete_expired() + await self.near.delete_expired()

    async def close(self) -> None:
        try:
            await self.near.close()
        finally:
            await self.far.close()

    async def _keep(self, key: str, value: bytes) -> None:
        try:
            await self.near.add(key, _HELD + value, self._seconds)
        except StoreDown:
            return  # it is asked for again

    async def _moved(self, key: str) -> None:
        """Raises StoreDown where the near store cannot be told: it may come back with what was before."""
        await self.near.set(key, _MOVED, self._settle)

"""The session: what the app remembers of one visitor from request to request."""

import hashlib
from collections.abc import AsyncGenerator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic

from segue.core.ports import StoredSession
from segue.security.sessions.state import SessionState, decoded

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    T = TypeVar("T", default=None)
else:
    from typing import TypeVar

    T = TypeVar("T")

__all__ = ["OtherSession", "Session"]


class Session(MutableMapping[str, Any], Generic[T]):
    """What is remembered of a visitor: a mapping of names to plain data, there for every handler that asks for it.

        @app.post("/login")
        async def login(session: Session, form: Form[Login]) -> None:
            session.rotate()
            session["user"] = form.name
            raise SeeOther("/")

    Values are texts, numbers, dates, lists, tables and the like; what the next request gets has been MessagePack in
    between. A list in it may be changed in place. ``Session[Cart]`` has an object of that Struct besides, as
    :attr:`data`, and all of its fields need defaults.

    What changed is written when the handler has answered; nothing is if the answer is an error of the server (5xx).
    """

    __slots__ = ("_kind", "_state")

    def __init__(self, state: SessionState, kind: Any = None) -> None:
        self._state = state
        self._kind = kind

    @property
    def data(self) -> T:
        """The Struct of a ``Session[Cart]``: change it in place."""
        if self._kind is None:
            raise TypeError(
                "this session has no type: ask for a Session[Cart], where Cart is a Struct of yours"
            )
        data: T = self._state.struct(self._kind)
        return data

    @data.setter
    def data(self, value: T) -> None:
        if self._kind is None or not isinstance(value, self._kind):
            raise TypeError(
                f"the data of this session is a {getattr(self._kind, '__name__', None)}, not {value!r:.80}"
            )
        self._state.put_struct(self._kind, value)

    @property
    def is_new(self) -> bool:
        """Whether the visitor came without a session that is known."""
        return self._state.key is None

    @property
    def created(self) -> float:
        """When it began, in seconds since 1970."""
        return self._state.created

    @property
    def owner(self) -> str | None:
        """Whose it is: the id of a user, for example. To set it gives the session another id."""
        return self._state.owner or None

    @owner.setter
    def owner(self, owner: str | None) -> None:
        self._state.owner = owner or ""
        self._state.rotates = True

    async def others(self) -> "list[OtherSession]":
        """The other sessions of the same owner, the one that was used last first: on other devices, for example."""
        found = [OtherSession(self._state, key, one) for key, one in (await self._state.others()).items()]
        return sorted(found, key=lambda one: -one.used)

    async def end_others(self) -> int:
        """Ends all other sessions of the same owner: "log out everywhere else". Returns how many there were."""
        others = await self.others()
        for one in others:
            await one.end()
        return len(others)

    def rotate(self) -> None:
        """Gives the session another id; the old one is worth nothing any more.

        Do it whenever the visitor becomes somebody else, or may do more than before: nobody who has planted or seen the
        old id comes along.
        """
        self._state.rotates = True

    def clear(self) -> None:
        """Ends the session: all that was remembered is gone, for other requests too. What is put in now begins a new one."""
        self._state.end()

    async def save(self) -> None:
        """Writes what has changed now, for a WebSocket or a stream; the cookie of a new session goes with the response."""
        await self._state.save()

    @asynccontextmanager
    async def locked(self) -> AsyncGenerator[None]:
        """Lets no other request change the session while the block runs; in it are the newest values, and they are written
        at its end.

            async with session.locked():
                session["visits"] = session.get("visits", 0) + 1

        Raises ServiceUnavailable (503) when others hold it for too long.
        """
        async with self._state.locked():
            yield

    # --- a mapping -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        return self._state.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self._state.put(name, value)

    def __delitem__(self, name: str) -> None:
        self._state.remove(name)

    def __contains__(self, name: object) -> bool:
        return name in self._state.names()

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self._state.names() if not name.startswith("struct ")])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __bool__(self) -> bool:
        return bool(self._state.names())

    def __repr__(self) -> str:
        # Not its values: it is printed in tracebacks and logs.
        return f"<Session{' (new)' if self.is_new else ''}: {', '.join(self) or 'empty'}>"


class OtherSession:
    """Another session of the same owner. ``created``, ``used``: seconds since 1970. ``handle``: names it in a form."""

    __slots__ = ("_data", "_key", "_state", "created", "handle", "used")

    def __init__(self, state: SessionState, key: str, stored: StoredSession) -> None:
        self._state = state
        self._key = key
        self._data = stored.data
        self.handle = hashlib.sha256(key.encode()).hexdigest()[:32]
        self.created = stored.created
        self.used = stored.used

    def get(self, name: str, default: Any = None) -> Any:
        """A value in it, such as what its browser said that it is."""
        return decoded(self._data[name]) if name in self._data else default

    async def end(self) -> None:
        """Ends it: its visitor is logged out."""
        await self._state.forget(self._key)

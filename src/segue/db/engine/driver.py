"""What an adapter for an asynchronous driver does, so that one pool and one kind of connection serve all of them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

from segue.db.engine.contract import Isolation, Row
from segue.db.engine.errors import DatabaseError

__all__ = ["Driver", "Rows"]

R = TypeVar("R")


class Rows(Protocol):
    """The rows of a statement that is read piece by piece."""

    async def some(self, size: int) -> Sequence[Row]:
        """At most ``size`` further ones; none at the end."""
        ...

    async def close(self) -> None:
        """Lets the rest go, so that the connection is free again. It may be called at the end too."""


class Driver(Protocol[R]):
    """Speaks to one kind of database. It keeps nothing: what it works on is the driver's connection, ``raw``.

    Its methods raise what the driver raises; ``translated`` says what that means. ``streams_alone``: while rows are
    read piece by piece, their connection can do nothing else. ``streams_in_transaction``: they are read in one only.
    """

    @property
    def streams_alone(self) -> bool: ...
    @property
    def streams_in_transaction(self) -> bool: ...

    async def connect(self) -> R:
        """Raises DatabaseError already."""
        ...

    async def dismiss(self, raw: R, *, busy: bool) -> None:
        """Closes a connection in whatever state it is, soon. Never raises.

        ``busy``: nobody waits any more for what the server still does on it; it is told so.
        """

    async def ping(self, raw: R) -> None: ...

    async def reset(self, raw: R) -> bool:
        """Makes the session as it was after connecting. False if that cannot be done: it is closed then."""
        ...

    def closed(self, raw: R) -> Callable[[], bool]:
        """The function that says whether this connection is closed, as far as one knows without asking."""
        ...

    def in_transaction(self, raw: R) -> bool: ...

    # PERF(fetch): they may hand over the driver's own coroutine, so that no layer of theirs is run through.
    def fetch(self, raw: R, sql: str, args: Sequence[Any]) -> Awaitable[Sequence[Row]]: ...
    def execute(self, raw: R, sql: str, args: Sequence[Any]) -> Awaitable[int]: ...
    def execute_many(self, raw: R, sql: str, args: Sequence[Sequence[Any]]) -> Awaitable[int]: ...
    def script(self, raw: R, sql: str) -> Awaitable[None]: ...

    def stream(self, raw: R, sql: str, args: Sequence[Any]) -> Awaitable[Rows]: ...

    def begin(self, raw: R, isolation: Isolation | None, read_only: bool) -> Awaitable[None]: ...
    def commit(self, raw: R) -> Awaitable[None]: ...
    def rollback(self, raw: R) -> Awaitable[None]: ...
    def savepoint(self, raw: R, name: str) -> Awaitable[None]: ...
    def release(self, raw: R, name: str) -> Awaitable[None]: ...
    def rollback_to(self, raw: R, name: str) -> Awaitable[None]: ...

    def translated(self, raw: R, error: BaseException, sql: str | None) -> DatabaseError | None:
        """Segue's error for one of the driver; None for what is none of them, as a cancellation.

        After StaleStatement, what ``raw`` had prepared is forgotten.
        """
        ...

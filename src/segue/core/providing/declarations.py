"""Declares providers: what handlers and others may ask for by its type."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from segue.core.records import ITSELF, Declarations, Provided
from segue.core.source import Source

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["Provides", "Providing"]

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., Any])

Provides = (
    Callable[..., T]
    | Callable[..., Awaitable[T]]
    | Callable[..., Iterator[T]]
    | Callable[..., AsyncIterator[T]]
    | Callable[..., Generator[T, Any, Any]]
    | Callable[..., AsyncGenerator[T, Any]]
    | Callable[..., AbstractContextManager[T]]
    | Callable[..., AbstractAsyncContextManager[T]]
)
"""What makes a ``T``: a class, a function, or a generator that yields one."""


class Providing:
    """The part of Declaring that is about providers."""

    declared: Declarations

    @overload
    def provide(
        self, kind: C, /, *, life: Literal["request", "app"] = "request", inline: bool = False
    ) -> C: ...
    @overload
    def provide(
        self, /, *, life: Literal["request", "app"] = "request", inline: bool = False
    ) -> Callable[[C], C]: ...
    @overload
    def provide(
        self,
        kind: "TypeForm[T]",
        provider: "Provides[T] | T",
        /,
        *,
        life: Literal["request", "app"] = "request",
        inline: bool = False,
    ) -> None: ...
    def provide(
        self,
        kind: Any = ITSELF,
        provider: Any = ITSELF,
        /,
        *,
        life: Literal["request", "app"] = "request",
        inline: bool = False,
    ) -> Any:
        """Lets handlers, middleware and others have an object by writing its type into their signature.

            app.provide(Mailer, SMTPMailer)                     # a class: its constructor is provided for in turn
            app.provide(Engine, make_engine, life="app")        # a function, sync or async
            app.provide(Settings, Settings())                   # an object that is there already
            app.provide(Annotated[Engine, "replica"], ...)      # a second one of the same type

            @app.provide                                        # what its annotation says
            async def session(engine: Engine) -> AsyncIterator[Session]:
                async with engine.begin() as session:
                    yield session                               # after the yield: the clean-up

        ``life``: ``"request"`` for one object in each request, however often it is asked for; ``"app"`` for one that is
        made when it is first needed and closed at shutdown. ``inline``: a ``def`` function runs on the loop, not in a
        thread: for code that never blocks; a class always does.
        """
        place, names = self._declaring("a provider")
        plugin: str | None = getattr(self, "plugin", None)

        def declare(what: Any) -> Any:
            self.declared.providers.append(Provided(what, provider, life, inline, place, names, plugin))
            return what

        return declare if kind is ITSELF else declare(kind) if provider is ITSELF else declare(kind) and None

    def _declaring(self, what: str) -> tuple[Source, dict[str, Any]]:
        raise NotImplementedError

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

from segue.core.recording import Recording, Req_co
from segue.core.records import ITSELF, Provided

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


class Providing(Recording[Req_co]):
    """The part of Declaring that is about providers."""

    @overload
    def provide(
        self,
        kind: C,
        /,
        *,
        life: Literal["request", "app"] = "request",
        inline: bool = False,
        cleanup: Literal["before", "after"] = "before",
    ) -> C: ...
    @overload
    def provide(
        self,
        /,
        *,
        life: Literal["request", "app"] = "request",
        inline: bool = False,
        cleanup: Literal["before", "after"] = "before",
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
        cleanup: Literal["before", "after"] = "before",
    ) -> None: ...
    def provide(
        self,
        kind: Any = ITSELF,
        provider: Any = ITSELF,
        /,
        *,
        life: Literal["request", "app"] = "request",
        inline: bool = False,
        cleanup: Literal["before", "after"] = "before",
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
        thread: for code that never blocks; a class always does. ``cleanup``: before the response is sent, so that what
        fails in it is an error reply; or ``"after"`` it, for what need not be waited for and cannot change the reply. Where
        the request fails, it is before in any case.
        """
        place, names = self._declaring("a provider")

        def declare(what: Any) -> Any:
            provided = Provided(what, provider, life, inline, place, names, self.plugin, cleanup=cleanup)
            self.declared.providers.append(provided)
            return what

        return declare if kind is ITSELF else declare(kind) if provider is ITSELF else declare(kind) and None

    def provide_each(
        self, kind: Any, make: Callable[[Any], Callable[..., Any]], /, *, subclasses: bool = False
    ) -> None:
        """Provides a generic class for whatever stands in its brackets: ``make(Repository[Film])`` gives its provider.

            def repository_of(kind: Any) -> Callable[..., Any]:
                model = get_args(kind)[0]
                return lambda db: Repository(db, model)

            app.provide_each(Repository, repository_of)

        ``make`` is asked once for each, when the app is frozen; it raises TypeError for what cannot be. Objects live for
        one request, and are made on the loop if the provider is no ``async def``. ``subclasses``: it is asked for classes too
        that are made from ``kind``, such as ``class Films(Repository[Film])``.
        """
        place, names = self._declaring("a provider")
        each: Literal["brackets", "subclasses"] = "subclasses" if subclasses else "brackets"
        self.declared.providers.append(
            Provided(kind, make, "request", True, place, names, self.plugin, each=each)
        )

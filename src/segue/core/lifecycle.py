"""What an application may say about its life: who receives signals, and what runs around each request."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, overload

from segue.core.liferecords import Hook, HookKind, Receiver
from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.records import Declarations

__all__ = ["Lifecycle"]

S = TypeVar("S")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
BeforeHook = TypeVar("BeforeHook", bound=Callable[[Request], Any])
AfterHook = TypeVar("AfterHook", bound=Callable[[Request, Response], Any])
TeardownHook = TypeVar(
    "TeardownHook", bound=Callable[[Request], Any] | Callable[[Request, Exception | None], Any]
)

Named = Callable[..., Any] | str


class Receives(Protocol[S]):
    """Decorates a receiver: a function of the signal, or of nothing."""

    @overload
    def __call__(self, receiver: Callable[[S], R], /) -> Callable[[S], R]: ...
    @overload
    def __call__(self, receiver: Callable[[], R], /) -> Callable[[], R]: ...


class Lifecycle:
    """Records receivers of signals, and hooks around requests."""

    declared: "Declarations"

    def _declaring(self, what: str) -> tuple[Source, dict[str, Any]]:
        raise NotImplementedError

    @overload
    def on(
        self,
        signal: type[S],
        /,
        *,
        when: Callable[[S], bool] | None = None,
        before: Named | tuple[Named, ...] = (),
        after: Named | tuple[Named, ...] = (),
    ) -> Receives[S]: ...
    @overload
    def on(
        self,
        signal: str,
        /,
        *,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
        before: Named | tuple[Named, ...] = (),
        after: Named | tuple[Named, ...] = (),
    ) -> Callable[[F], F]: ...
    def on(
        self,
        signal: Any,
        /,
        *,
        when: Callable[[Any], bool] | None = None,
        before: Named | tuple[Named, ...] = (),
        after: Named | tuple[Named, ...] = (),
    ) -> Any:
        """Calls the decorated function, ``def`` or ``async def``, with each ``signal`` of a class.

            @app.on(RequestFinished)
            async def count(signal: RequestFinished) -> None:
                seen[signal.request.path] += 1

        Signals are Segue's own (``segue.core.signals``) and any class of yours, for ``await app.emit(...)``; a receiver
        of a class gets those of its subclasses too. A text is a topic: ``"user.{thing}.created"`` receives
        ``app.emit("user.registration.created", user=...)``, and is called with those of ``thing`` and ``user`` that it
        names. ``when``: only signals for which it returns True (of a topic, it gets all values as a dict). ``before``
        and ``after``: other receivers, or their names, between which this one is called; otherwise they are called in
        the order of declaration. A ``def`` runs on the loop: keep it short.
        """
        place, _ = self._declaring("a receiver")

        def register(function: Any) -> Any:
            receiver = Receiver(signal, function, when, _several(before), _several(after), place)
            self.declared.life.receivers.append(receiver)
            return function

        return register

    def before(self, hook: BeforeHook) -> BeforeHook:
        """Calls ``(request)`` before the endpoint, which is known by then; what it returns, if not None, is the reply.

            @app.before
            async def only_members(request: Request) -> Response | None:
                return None if "member" in request.cookies else Response("members only", 403)

        Hooks are inside all middleware of their app. Those of an included app run for what it answers, after those of
        the app around it.
        """
        return self._hook("before", hook)

    def after(self, hook: AfterHook) -> AfterHook:
        """Calls ``(request, response)`` after the endpoint, or after the error that it raised; the last one first.

        It may change the response, or return another.
        """
        return self._hook("after", hook)

    def teardown(self, hook: TeardownHook) -> TeardownHook:
        """Calls ``(request)`` or ``(request, error)`` when the response was sent or nobody waits for it; the last first.

        ``error`` is the exception that was answered, or None. All run, though one fails.
        """
        return self._hook("teardown", hook)

    def _hook(self, kind: HookKind, hook: F) -> F:
        place, _ = self._declaring(f"a hook ({kind})")
        self.declared.life.hooks.append(Hook(kind, hook, place))
        return hook


def _several(named: Named | tuple[Named, ...]) -> tuple[Named, ...]:
    return named if isinstance(named, tuple) else (named,)

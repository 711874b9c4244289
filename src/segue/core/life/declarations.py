"""What an application may say about its life: who receives signals, what runs around each request, and beside them."""

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar, overload

from segue.core.life.daily import Daily, daily_at
from segue.core.life.records import Hook, HookKind, Receiver, TaskRecord
from segue.core.recording import Recording, Req_co
from segue.core.source import source_of
from segue.http.response import Response

__all__ = ["Lifecycle"]

S = TypeVar("S")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
W = TypeVar("W", bound=Callable[..., Any])

Named = Callable[..., Any] | str


class Receives(Protocol[S]):
    """Decorates a receiver: a function of the signal, or of nothing."""

    @overload
    def __call__(self, receiver: Callable[[S], R], /) -> Callable[[S], R]: ...
    @overload
    def __call__(self, receiver: Callable[[], R], /) -> Callable[[], R]: ...


class Lifecycle(Recording[Req_co]):
    """The part of Declaring that is about signals, hooks around requests, and tasks."""

    @overload
    def on(
        self,
        signal: type[S],
        /,
        *,
        when: Callable[[S], bool] | None = None,
        where: Mapping[str, Any] | None = None,
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
        where: Mapping[str, Any] | None = None,
        before: Named | tuple[Named, ...] = (),
        after: Named | tuple[Named, ...] = (),
    ) -> Callable[[F], F]: ...
    def on(
        self,
        signal: Any,
        /,
        *,
        when: Callable[[Any], bool] | None = None,
        where: Mapping[str, Any] | None = None,
        before: Named | tuple[Named, ...] = (),
        after: Named | tuple[Named, ...] = (),
    ) -> Any:
        """Calls the decorated function, ``def`` or ``async def``, with each ``signal`` of a class.

            @app.on(RequestFinished)
            async def count(signal: RequestFinished) -> None:
                seen[signal.request.path] += 1

        Signals are Segue's own (``segue.core.life.signals``) and any class of yours, for ``await app.emit(...)``; a receiver
        of a class gets those of its subclasses too. A text is a topic: ``"user.{thing}.created"`` receives
        ``app.emit("user.registration.created", user=...)``, and is called with those of ``thing`` and ``user`` that it
        names. ``when``: only signals for which it returns True (of a topic, it gets all values as a dict). ``where``: the
        same by predicates that ``app.predicate`` has named: ``where={"beta": True}``; they are asked about the request of
        a signal that has one, about the signal or the values of a topic otherwise. ``before`` and ``after``: other receivers, or their names, between which this one is called; otherwise they are called in
        the order of declaration. A ``def`` runs on the loop: keep it short.
        """
        place, _ = self._declaring("a receiver")

        def register(function: Any) -> Any:
            receiver = Receiver(
                signal, function, when, _several(before), _several(after), place, dict(where or {})
            )
            self.declared.life.receivers.append(receiver)
            return function

        return register

    def before(self, hook: Callable[Concatenate[Req_co, P], R]) -> Callable[Concatenate[Req_co, P], R]:
        """Calls ``(request)`` before the endpoint, which is known by then; what it returns, if not None, is the reply.

            @app.before
            async def only_members(request: Request) -> Response | None:
                return None if "member" in request.cookies else Response("members only", 403)

        Hooks are inside all middleware of their app. Those of an included app run for what it answers, after those of
        the app around it.
        """
        return self._hook("before", hook)

    def after(
        self, hook: Callable[Concatenate[Req_co, Response, P], R]
    ) -> Callable[Concatenate[Req_co, Response, P], R]:
        """Calls ``(request, response)`` after the endpoint, or after the error that it raised; the last one first.

        It may change the response, or return another.
        """
        return self._hook("after", hook)

    @overload
    def teardown(self, hook: Callable[[Req_co], R]) -> Callable[[Req_co], R]: ...
    @overload
    def teardown(
        self, hook: Callable[[Req_co, Exception | None], R]
    ) -> Callable[[Req_co, Exception | None], R]: ...
    def teardown(self, hook: Any) -> Any:
        """Calls ``(request)`` or ``(request, error)`` when the response was sent or nobody waits for it; the last first.

        ``error`` is the exception that was answered, or None. All run, though one fails.
        """
        return self._hook("teardown", hook)

    def task(
        self,
        *,
        name: str | None = None,
        restart: Literal["never", "failed", "always"] = "failed",
        backoff: float = 1.0,
        once: bool = False,
    ) -> Callable[[W], W]:
        """Runs the decorated function beside the requests, from the start of the app to its end, when it is cancelled.

            @app.task()
            async def listen() -> None:
                async for message in mailbox:
                    ...

        An ``async def`` runs on the loop, a ``def`` in a thread, which cannot be cancelled. Its parameters are provided,
        as those of handlers are. It starts in each worker
        when the lifespans are entered; ``once``: in one process of this machine only, and another takes over when that
        one ends. ``restart``: when it is started again, after ``backoff`` seconds, then twice as long each time, a
        minute at most. ``app.tasks[name]`` is the task that runs; the name is that of the function.
        """
        return self._task(name, None, restart=restart, backoff=backoff, once=once)

    def every(
        self, seconds: float, *, name: str | None = None, at_once: bool = False, once: bool = False
    ) -> Callable[[W], W]:
        """Calls the decorated function each so many ``seconds`` while the app runs, the first time after the first.

            @app.every(60)
            async def refresh() -> None: ...

        The times are reckoned from the start, so they do not drift. A run that takes longer than ``seconds`` is not
        overtaken: the times that it misses are left out. What it raises is logged, and it runs again when it is due.
        ``at_once``: the first time at the start. ``once``: in one process of this machine only.
        """
        if not seconds > 0:
            raise ValueError(f"app.every takes a number of seconds above 0, not {seconds!r}")
        return self._task(name, seconds, at_once=at_once, once=once)

    def daily(
        self, at: str | time, *, zone: str = "UTC", name: str | None = None, once: bool = False
    ) -> Callable[[W], W]:
        """Calls the decorated function each day at a time, by the clock of a place.

            @app.daily("03:30", zone="Europe/Paris", once=True)
            async def tidy_up() -> None: ...

        It runs once for each day, also on those on which clocks are changed. When the machine slept at its time, it runs when it is
        awake; days that were missed are not made up for one by one. ``once``: in one process of this machine only; what was due
        when that one ended, or while the app was not running, is done by the next one. It is noted before it is done: a run that is killed
        is not repeated. What it raises is logged. Raises ValueError for what is no time or no zone.
        """
        return self._task(name, daily_at(at, zone), once=once)

    def _task(
        self,
        name: str | None,
        when: float | Daily | None,
        *,
        at_once: bool = False,
        once: bool = False,
        restart: Literal["never", "failed", "always"] = "never",
        backoff: float = 1.0,
    ) -> Callable[[W], W]:
        place, _ = self._declaring("a task")

        def register(function: W) -> W:
            own = name or str(getattr(function, "__name__", type(function).__name__))
            self.declared.life.tasks.append(
                TaskRecord(own, function, when, at_once, once, restart, backoff, source_of(function, place))
            )
            return function

        return register

    def _hook(self, kind: HookKind, hook: F) -> F:
        place, _ = self._declaring(f"a hook ({kind})")
        self.declared.life.hooks.append(Hook(kind, hook, place))
        return hook


def _several(named: Named | tuple[Named, ...]) -> tuple[Named, ...]:
    return named if isinstance(named, tuple) else (named,)

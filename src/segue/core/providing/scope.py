"""What is provided for one request, or for one piece of work outside of requests."""

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

import msgspec

from segue.core.binding.bodies import JSON_ONLY, Bodies
from segue.core.binding.compiler import Failure, path_converter
from segue.core.binding.extraction import reader_for
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.providing.exits import NOTHING, Exits, InThread, Postponed, leave, no_yield
from segue.core.providing.providers import Provider, ProvidersOf, key_of
from segue.http.request import Request

if TYPE_CHECKING:
    from typing_extensions import TypeForm

    from segue.core.providing.wiring import Injection
    from segue.core.threads import Place

__all__ = ["Scope", "scope_of"]

T = TypeVar("T")


class Scope:
    """Makes what is provided, each object once, and cleans up when it is left.

        async with app.scope() as scope:
            mailer = await scope.get(Mailer)
            await scope.call(send_invoices, month=3)      # its other parameters are provided

    In it a provider for a request lives as long as the scope; one for the app as long as the app, or where that was not
    started, as long as any scope.
    """

    def __init__(self, injection: "Injection", view: ProvidersOf, request: Request | None = None) -> None:
        self.request = request
        #: The error that has ended the work, where it became a response before it could be raised.
        self.error: BaseException | None = None
        self.values: dict[Provider, Any] = {}
        self.exits: Exits = []
        self._injection = injection
        self._view = view
        self._place: Place | None = None
        # PERF: made where they are needed; for a middleware they are not: 1 us of 4.5.
        self._one_at_a_time: asyncio.Lock | None = None
        self._app_life: contextlib.AbstractAsyncContextManager[None] | None = None

    async def get(self, kind: "TypeForm[T]") -> T:
        """The object that is provided for a type, or for ``Annotated[Type, "tag"]``.

        Raises LookupError when there is no provider for it, and what the provider raises.
        """
        key = key_of(kind)
        provider = self._view.find(key)
        if provider is None:
            near = ", ".join(str(one) for one in self._view) or "nothing"
            raise LookupError(f"{key} is not provided: app.provide({key}, ...). Provided: {near}")
        async with self._alone():
            value: T = await self._make(provider, self._view)
        return value

    def provides(self, kind: Any) -> bool:
        """Whether there is a provider for a type, or for ``Annotated[Type, "tag"]``."""
        return self._view.find(key_of(kind)) is not None

    @overload
    async def call(self, function: Callable[..., Coroutine[Any, Any, T]], /, **given: Any) -> T: ...
    @overload
    async def call(self, function: Callable[..., T], /, **given: Any) -> T: ...
    async def call(self, function: Callable[..., Any], /, **given: Any) -> Any:
        """Calls a function, sync or async, with ``given`` and with what is provided for its other parameters.

        A ``def`` runs in a thread.
        """
        arguments = await self.arguments(function, given)
        if inspect.iscoroutinefunction(function):
            result: Any = await function(**given, **arguments)
        else:
            result = await self._injection.app.threads.run(function, **given, **arguments)
            if inspect.isawaitable(result):
                result = await result
        return result

    async def arguments(self, function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """What is provided for the parameters of ``function`` that are not ``given`` and have no other default."""
        needs = self._injection.needs_of(function, self._view, frozenset(given))
        async with self._alone():
            return await self.take(needs, self._view)

    def _alone(self) -> asyncio.Lock:
        """Two who ask at the same time get the same object."""
        if self._one_at_a_time is None:
            self._one_at_a_time = asyncio.Lock()
        return self._one_at_a_time

    async def take(self, needs: "tuple[Parameter, ...]", view: ProvidersOf) -> dict[str, Any]:
        """The values of ``needs``, by name."""
        taken: dict[str, Any] = {}
        rest: list[Parameter] = []
        for parameter in needs:
            match parameter.origin:
                case "provided":
                    taken[parameter.name] = await self._make(self._injection.provider(parameter, view), view)
                case "app":
                    taken[parameter.name] = self._injection.app
                case "request":
                    optional = parameter.default is None
                    taken[parameter.name] = self.request if optional else self._requested(parameter)
                case _:
                    rest.append(parameter)
        if rest:
            taken |= await _bound(self._requested(rest[0]), rest)
        return taken

    async def _make(self, provider: Provider, view: ProvidersOf) -> Any:
        if provider.life == "app":
            value = self._injection.registry.values.get(provider, NOTHING)
            return await self._injection.registry.bring(provider) if value is NOTHING else value
        value = self.values.get(provider, NOTHING)
        if value is not NOTHING:
            return value
        names = () if self.request is None else tuple(self.request.params)
        arguments = await self.take(self._injection.needs(provider, view, names), view)
        value = self.values[provider] = await self._enter(provider, arguments)
        return value

    async def _enter(self, provider: Provider, arguments: dict[str, Any]) -> Any:
        make = provider.make
        answered = self.request if provider.postponed and self._is_around_answer() else None
        if provider.runs == "thread":
            run = await self.run_in_place(postponed=answered is not None)
            if not provider.cleans:
                return await run(make, **arguments)
            held = InThread(make(**arguments), run)
            self.exits.append(held if answered is None else Postponed(held, answered))
            value = await held.enter()
        elif not provider.cleans:
            value = make(**arguments)
            return await value if provider.runs == "await" else value
        else:
            generator = make(**arguments)
            value = await anext(generator, NOTHING) if provider.runs == "await" else next(generator, NOTHING)
            self.exits.append(generator if answered is None else Postponed(generator, answered))
        if value is NOTHING:
            raise no_yield(provider)
        return value

    def _is_around_answer(self) -> bool:
        """Whether a response is made in it, and not work besides or after one."""
        return self.request is not None and (self.request.made or {}).get("scope") is self

    async def run_in_place(self, *, postponed: bool = False) -> Callable[..., Awaitable[Any]]:
        """What runs functions in a thread that is ours until the scope is left, or ``postponed`` until the response was."""
        if self._place is None:
            self._place = await self._injection.app.threads.take()
            # First in, last out.
            self.exits.insert(0, self._place)
        if postponed and self.exits[0] is self._place and self.request is not None:
            self.exits[0] = Postponed(self._place, self.request)
        return self._place.run

    def _requested(self, parameter: Parameter) -> Request:
        if self.request is None:
            raise LookupError(
                f"{parameter.name!r} comes from a request ({parameter.origin}), but this scope was opened outside of one: "
                f"give it, scope.call(..., {parameter.name}=...), or open it with one, app.scope(request)"
            )
        return self.request

    async def leave(self, error: BaseException | None = None) -> None:
        """Cleans up; raises ``error``, and what else fails."""
        try:
            await leave(self.exits, error)
        finally:
            life, self._app_life = self._app_life, None
            if life is not None:
                await life.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        self._app_life = self._injection.registry.held()
        await self._app_life.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.leave(error)
        except BaseException as raised:
            if raised is not error:
                raise


def scope_of(request: Request) -> Scope:
    """The scope that is open around a request."""
    made = request.made or {}
    scope: Scope = made["scope"]
    return scope


async def _bound(request: Request, parameters: list[Parameter]) -> dict[str, Any]:
    """Values of the request. Raises the same errors as in a handler."""
    form = await request.form() if any(one.origin in ("form", "formdata") for one in parameters) else None
    fields: dict[str, Any] = {
        "query": request.query,
        "header": request.headers,
        "cookie": request.cookies,
        "form": form,
    }
    readers = {one.name: reader_for(one) for one in parameters if one.origin in fields}
    taken: dict[str, Any] = {}
    bodies: Bodies = getattr(request.endpoint, "bodies", JSON_ONLY)
    try:
        for one in parameters:
            if one.name in readers:
                taken[one.name] = readers[one.name](fields[one.origin])
            elif one.origin == "path":
                taken[one.name] = path_converter(one.kind)(request.params[one.wire])
            elif one.origin == "formdata":
                taken[one.name] = form
            elif one.default is MISSING or request.source.length != 0:
                taken[one.name] = await bodies.reading(one.kind).read(request)
    except msgspec.ValidationError:
        raise await Failure(parameters, readers, bodies)(request) from None
    return taken

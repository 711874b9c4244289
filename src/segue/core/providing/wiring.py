"""Which providers a handler needs, in which order, and what they need themselves: found out at freeze."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

from segue.core.binding.kinds import without_none
from segue.core.binding.parameters import HandlerError, Parameter, Served, read_needs
from segue.core.providing.providers import Key, Provider, ProvidersOf, key_of, provider_of
from segue.core.providing.registry import Registry
from segue.core.providing.steps import Step, Wiring
from segue.core.records import Provided, Recorded
from segue.core.source import Source, source_of

__all__ = ["Injection", "wanted"]

_FROM_REQUEST = frozenset({"path", "query", "header", "cookie", "form", "formdata", "body"})


def wanted(parameter: Parameter) -> Key:
    """The key of a parameter that is provided."""
    return key_of(without_none(parameter.kind))


class Injection:
    """All that a frozen app knows about providers. ``overrides`` stand before everything that was declared."""

    def __init__(self, app: Recorded, problems: list[str]) -> None:
        self.app = app
        self.overrides: dict[Key, Provider] = {}
        self.registry = Registry(self)
        self.views: list[ProvidersOf] = []
        #: Prepare each endpoint again, by what is provided then.
        self.wired: list[Callable[[], None]] = []
        self._problems = problems
        self._guards: dict[Any, Provider] = {}
        self._needs: dict[tuple[Provider, ProvidersOf, frozenset[str]], tuple[Parameter, ...]] = {}

    # --- what is declared ----------------------------------------------------------------------------------------

    def view(self, app: Recorded, outer: ProvidersOf | None) -> ProvidersOf:
        """What ``app`` sees inside the apps around it. What is wrong with its providers goes to the problems."""
        return self.layer(app.declared.providers, outer)

    def layer(self, providers: Sequence[Provided], outer: ProvidersOf | None) -> ProvidersOf:
        """What is seen where ``providers`` stand before those of ``outer``."""
        if outer is not None and not providers:
            return outer
        own: dict[Key, Provider] = {}
        each: dict[Any, Provided] = {}
        plugin: dict[Key, str | None] = {}
        for declared in providers:
            if declared.each:
                each.setdefault(declared.kind, declared)
                continue
            try:
                provider = provider_of(declared)
            except HandlerError as error:
                self.problem(str(error))
                continue
            present = own.get(provider.key)
            # What the app itself says stands above what its plugins say.
            if present is None or (plugin[provider.key] is not None and declared.plugin is None):
                own[provider.key] = provider
                plugin[provider.key] = declared.plugin
            elif (plugin[provider.key] is None) == (declared.plugin is None):
                self.problem(
                    f"{provider.key} is provided at {present.place} and at {provider.place}: take one away, or give it a "
                    f'tag, Annotated[{provider.key.kind.__name__ if isinstance(provider.key.kind, type) else "..."}, "second"]'
                )
        view = ProvidersOf(own, outer, self.overrides, each)
        self.views.append(view)
        return view

    def check(self) -> None:
        """Wires every provider once, so that what is wrong with one that nobody uses yet is known too."""
        for view in self.views:
            for provider in view:
                try:
                    _Wirer(self, view, ()).step(provider)
                except HandlerError as error:
                    self.problem(str(error))

    @property
    def lives(self) -> bool:
        """Whether anything is provided for the life of the app."""
        return any(provider.life == "app" for view in self.views for provider in view)

    def problem(self, text: str) -> None:
        """Records what is wrong, once."""
        if text not in self._problems:
            self._problems.append(text)

    # --- what is needed ------------------------------------------------------------------------------------------

    def offers(self, view: ProvidersOf) -> Callable[[Any], bool]:
        """Whether an annotation is provided."""
        return lambda annotation: (
            _hashable(annotation) and view.find(key_of(without_none(annotation))) is not None
        )

    def needs(
        self, provider: Provider, view: ProvidersOf, path_names: Collection[str]
    ) -> tuple[Parameter, ...]:
        """The parameters of a provider for a route with ``path_names``. Raises HandlerError."""
        key = (provider, view, frozenset(path_names))
        found = self._needs.get(key)
        if found is None:
            found = self._needs[key] = read_needs(
                provider.make,
                path_names=path_names if provider.life == "request" else (),
                place=provider.place,
                names=provider.names,
                served=Served(type(self.app), self.app.request_class),
                offers=self.offers(view),
                infers=provider.infers and provider.life == "request",
            )
        return found

    def needs_of(
        self, function: Callable[..., Any], view: ProvidersOf, given: frozenset[str]
    ) -> tuple[Parameter, ...]:
        """The parameters of any function, but for those that are ``given`` or have a default. Raises HandlerError."""
        return read_needs(
            function,
            path_names=(),
            place=source_of(function, Source("<unknown>", 0)),
            names={},
            served=Served(type(self.app), self.app.request_class),
            offers=self.offers(view),
            infers=False,
            given=given,
        )

    def provider(self, parameter: Parameter, view: ProvidersOf) -> Provider:
        """The provider of a parameter that is provided."""
        provider = view.find(wanted(parameter))
        if provider is None:  # it was found when the signature was read
            raise HandlerError(f"{wanted(parameter)} is not provided")
        return provider

    def guard(self, function: Any, view: ProvidersOf, place: Source) -> Provider:
        """A function of ``requires=[...]`` as a provider of nothing; one that is provided already is the same."""
        present = next((one for one in view if one.make is function), None)
        if present is not None:
            return present
        if function not in self._guards:
            if not callable(function):
                raise HandlerError(f"{place}: requires=[...] lists functions, not {function!r:.80}")
            declared = Provided(
                Key(function), _called(function), "request", False, source_of(function, place), {}, None
            )
            provider = self._guards[function] = provider_of(declared)
            if provider.runs == "thread" and not provider.cleans:
                provider.make = _judging(provider.make)
        return self._guards[function]

    def wire(
        self,
        parameters: Sequence[Parameter],
        view: ProvidersOf,
        path_names: Collection[str],
        guards: Sequence[Provider] = (),
    ) -> Wiring:
        """What is to be made for a handler with these parameters. Raises HandlerError."""
        wirer = _Wirer(self, view, path_names)
        for guard in guards:
            wirer.step(guard)
        given = {one.name: wirer.wanted(one) for one in parameters if one.origin == "provided"}
        return Wiring(list(wirer.steps.values()), given, wirer.inputs)


def _called(guard: Any) -> Any:
    """The function behind a guard: an object would be taken for what is provided as it is, and let everybody in."""
    if isinstance(guard, functools.partial):
        return functools.partial(_called(guard.func), *guard.args, **guard.keywords)
    return guard if inspect.isroutine(guard) or isinstance(guard, type) else guard.__call__


def _judging(guard: Callable[..., Any]) -> Callable[..., Any]:
    """A guard that is a ``def``: one that only makes a coroutine has not looked at anything."""

    @functools.wraps(guard)
    def judged(*args: Any, **named: Any) -> Any:
        result = guard(*args, **named)
        if inspect.iscoroutine(result):
            result.close()
            raise TypeError(
                f"the guard {guard!r:.100} returns a coroutine, which nobody awaits, so it would let everybody in: list the "
                f"async function itself, or write `async def` and `await`"
            )
        return result

    return judged


class _Wirer:
    """Walks from what a handler needs to what that needs, and so on."""

    def __init__(self, injection: Injection, view: ProvidersOf, path_names: Collection[str]) -> None:
        self.injection = injection
        self.view = view
        self.path_names = path_names
        self.steps: dict[Provider, Step] = {}
        self.inputs: list[Parameter] = []
        self._trail: list[Provider] = []

    def wanted(self, parameter: Parameter) -> Step:
        return self.step(self.injection.provider(parameter, self.view))

    def step(self, provider: Provider) -> Step:
        present = self.steps.get(provider)
        if present is not None:
            return present
        trail = self._trail
        if provider in trail:
            around = " -> ".join(str(one) for one in (*trail[trail.index(provider) :], provider))
            raise HandlerError(f"these providers need each other, so none can be made first: {around}")
        trail.append(provider)
        view = self.injection.registry.home(provider, self.view) if provider.life == "app" else self.view
        arguments: dict[str, Parameter | Step] = {}
        outer, self.view = self.view, view
        for parameter in self.injection.needs(provider, view, self.path_names):
            arguments[parameter.name] = self._argument(provider, parameter)
        self.view = outer
        trail.pop()
        step = Step(len(self.steps), provider, arguments)
        self.steps[provider] = step
        return step

    def _argument(self, provider: Provider, parameter: Parameter) -> "Parameter | Step":
        lives_on = provider.life == "app"
        if parameter.origin == "provided":
            step = self.wanted(parameter)
            if lives_on and step.provider.life == "request":
                raise HandlerError(
                    f"{provider} lives as long as the app, but takes {step.provider}, which lives for one request: give "
                    f'the first life="request", or the second life="app"'
                )
            gone = _cleaned_before(step) if provider.postponed else None
            if gone is not None:
                raise HandlerError(
                    f"{provider} is cleaned up after the response, but takes {gone}, which is cleaned up before: "
                    f'give the second cleanup="after" too, or the first none'
                )
            return step
        if parameter.origin == "socket":
            raise HandlerError(
                f"{provider} takes the WebSocket {parameter.name!r}, but is made before the socket is open: take Request"
            )
        if lives_on and parameter.origin != "app":
            raise HandlerError(
                f"{provider} lives as long as the app, but takes {parameter.name!r} from one request ({parameter.origin}): "
                f'give it life="request"'
            )
        if parameter.origin in _FROM_REQUEST:
            parameter = dataclasses.replace(
                parameter, name=f"{parameter.name}_{len(self.inputs)}_of_provider"
            )
            self.inputs.append(parameter)
        return parameter


def _cleaned_before(step: Step) -> Provider | None:
    """What ``step`` makes or is made from that is cleaned up before the response."""
    provider = step.provider
    if provider.life == "app" or provider.postponed:  # then it was asked about itself
        return None
    if provider.cleans:
        return provider
    inner = [_cleaned_before(one) for one in step.arguments.values() if isinstance(one, Step)]
    return next((one for one in inner if one is not None), None)


def _hashable(annotation: Any) -> bool:
    try:
        hash(annotation)
    except TypeError:
        return False
    return True

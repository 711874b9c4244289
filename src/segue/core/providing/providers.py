"""Providers: what makes the objects that handlers ask for by their type."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from segue.core.binding.kinds import bare, told
from segue.core.binding.parameters import MISSING, HandlerError, result_type
from segue.core.records import ITSELF, Provided
from segue.core.source import Source

__all__ = ["Key", "Life", "Provider", "ProvidersOf", "key_of", "provider_of"]

Life = Literal["request", "app"]


class Key(NamedTuple):
    """What a provider is found by: a type, and the tag of a second one of this type."""

    kind: Any
    tag: str | None = None

    def __str__(self) -> str:
        return told(self.kind) if self.tag is None else f"{told(self.kind)} {self.tag!r}"


def key_of(annotation: Any) -> Key:
    """The key that an annotation asks for. ``Annotated[Engine, "replica"]``: a text is the tag, all else is not read."""
    tag = None
    if get_origin(annotation) is Annotated:
        tag = next((one for one in get_args(annotation)[1:] if isinstance(one, str)), None)
    return Key(bare(annotation), tag)


class Provider:
    """How the objects of one key are made.

    ``runs``: ``"loop"`` (at once), ``"await"`` or ``"thread"``. ``cleans``: it is a generator, and what follows its
    ``yield`` is the clean-up; ``postponed``: that runs after the response. Two providers are the same only if they are one object.
    """

    __slots__ = ("cleans", "infers", "key", "life", "make", "names", "place", "postponed", "runs")

    def __init__(self, key: Key, make: Callable[..., Any], life: Life, place: Source) -> None:
        self.key = key
        self.make = make
        self.life: Life = life
        self.place = place
        self.names: Mapping[str, Any] = {}
        self.runs: Literal["loop", "await", "thread"] = "loop"
        self.cleans = False
        self.postponed = False
        #: Whether its unmarked parameters may come from the request, as those of a handler do.
        self.infers = False

    def __str__(self) -> str:
        return f"{self.key} ({self.place})"

    def __repr__(self) -> str:
        return f"<Provider {self}>"


def provider_of(declared: Provided) -> Provider:
    """The provider that ``app.provide`` has declared. Raises HandlerError for what cannot be one."""
    made, place = declared.provider, declared.place
    kind = declared.kind
    if made is ITSELF:
        # A class provides itself; the annotation of a function says what it gives.
        made = kind
        kind = made if isinstance(made, type) else _result(made, declared)
    key = key_of(kind)
    _check_fits(key, made, declared)
    if not _is_function(made) and not isinstance(made, type):
        return Provider(key, lambda: made, "app", place)
    if inspect.isabstract(made) or getattr(made, "_is_protocol", False):
        raise HandlerError(
            f"{place}: {told(made)} is abstract, so nothing can be made of it: provide a class or function for it, "
            f"app.provide({told(made)}, ...)"
        )
    made = _generator_behind(made)
    provider = Provider(key, made, declared.life, place)
    provider.names = declared.names
    provider.infers = not isinstance(made, type) and hasattr(made, "__code__")
    if inspect.isasyncgenfunction(made) or inspect.iscoroutinefunction(made):
        provider.runs = "await"
    elif not isinstance(made, type) and not declared.inline:
        provider.runs = "thread"
    provider.cleans = inspect.isasyncgenfunction(made) or inspect.isgeneratorfunction(made)
    if declared.cleanup == "after":
        _check_postponed(provider)
        provider.postponed = True
    return provider


def _check_postponed(provider: Provider) -> None:
    if not provider.cleans:
        raise HandlerError(
            f'{provider} has no clean-up, so none can run after the response: cleanup="after" is for a `yield`'
        )
    if provider.life == "app":
        raise HandlerError(
            f'{provider} lives as long as the app, and is cleaned up at shutdown: cleanup="after" is for life="request"'
        )


def _check_fits(key: Key, made: Any, declared: Provided) -> None:
    """Raises HandlerError where a class or an object is plainly no ``key.kind``; protocols are for the type checker."""
    kind = key.kind
    if _is_function(made) or not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return
    gives = made if isinstance(made, type) else type(made)
    if declared.stands_in or issubclass(gives, kind):
        return
    raise HandlerError(
        f"{declared.place}: {told(gives)} is no {told(kind)}, so it cannot be provided as one: provide a subclass, or a "
        f"function that makes a {told(kind)}"
    )


def _is_function(made: Any) -> bool:
    return inspect.isroutine(made) or isinstance(made, functools.partial)


def _generator_behind(made: Any) -> Any:
    """Of a function under ``@contextmanager`` or ``@asynccontextmanager``, the generator that was decorated."""
    inner = getattr(made, "__wrapped__", None)
    if inner is None or inspect.isgeneratorfunction(made) or inspect.isasyncgenfunction(made):
        return made
    return inner if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner) else made


def _result(made: Any, declared: Provided) -> Any:
    name = getattr(made, "__qualname__", repr(made))
    returns = result_type(made, declared.names, f"{name} ({declared.place})")
    if returns is MISSING or returns is None or returns is type(None):
        raise HandlerError(
            f"{declared.place}: what does {name} provide? Say it in its annotation, def {name}(...) -> Mailer, or with "
            f"app.provide(Mailer, {name})"
        )
    function = _generator_behind(made)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        args = get_args(returns)
        if not args:
            raise HandlerError(
                f"{declared.place}: {name} is a generator: annotate what it yields, -> Iterator[Mailer] or "
                f"AsyncIterator[Mailer]"
            )
        return args[0]
    return returns


class ProvidersOf:
    """The providers that an app sees: its own before those of the apps around it, overrides before all."""

    def __init__(
        self,
        own: dict[Key, Provider],
        outer: "ProvidersOf | None",
        overrides: Mapping[Key, Provider],
        each: Mapping[Any, Provided],
    ) -> None:
        self._own = own
        self._each = each
        self._outer = outer
        self._overrides = overrides

    def find(self, key: Key) -> Provider | None:
        """The provider for a key, or None."""
        found = self._overrides.get(key)
        view: ProvidersOf | None = self
        while found is None and view is not None:
            found = view._own.get(key) or view._made_for(key)
            view = view._outer
        return found

    def _made_for(self, key: Key) -> Provider | None:
        """The provider of ``Repository[Film]`` where one is declared for each ``Repository[...]``."""
        declared = self._each.get(get_origin(key.kind)) or self._of_subclass(key.kind)
        if declared is None or key.tag is not None:
            return None
        try:
            make = declared.provider(key.kind)
        except TypeError as error:
            raise HandlerError(f"{told(key.kind)} cannot be provided: {error}") from None
        found = self._own[key] = provider_of(
            declared._replace(kind=key.kind, provider=make, each=None, stands_in=True)
        )
        return found

    def _of_subclass(self, kind: Any) -> Provided | None:
        """Where one is declared for each class that is made from another: that of ``class Films(Repository[Film])``."""
        if not self._each or not isinstance(kind, type):
            return None
        for base in kind.__mro__:
            declared = self._each.get(base)
            if declared is not None and declared.each == "subclasses":
                return declared
        return None

    def home(self, provider: Provider) -> "ProvidersOf":
        """What is seen by the app that declares ``provider``: an object that lives with the app is made there."""
        view: ProvidersOf | None = self
        while view is not None:
            own = view._own.get(provider.key)
            if own is provider or (own is not None and self._overrides.get(provider.key) is provider):
                return view
            view = view._outer
        return self

    def __iter__(self) -> Iterator[Provider]:
        seen: set[Key] = set()
        view: ProvidersOf | None = self
        while view is not None:
            for key, provider in list(view._own.items()):
                if key not in seen:
                    seen.add(key)
                    yield self._overrides.get(key, provider)
            view = view._outer

    def __bool__(self) -> bool:
        return bool(self._own) or bool(self._each) or bool(self._outer)

"""The views of one tree of resources: which one answers, by the class of the context, its name and its predicates."""

import dataclasses
import inspect
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from segue.core.binding.calling import Calling
from segue.core.binding.kinds import bare, is_union, told
from segue.core.binding.parameters import HandlerError, Parameter
from segue.core.handlers import Endpoint
from segue.core.life.receivers import Notice
from segue.core.life.signals import ContextFound, TraversalStarted
from segue.core.records import Route
from segue.core.routing.choice import choose
from segue.core.routing.conditions import Conditions
from segue.core.routing.templates import Template
from segue.core.styles.hooks import Hook
from segue.core.styles.lineage import lineage
from segue.core.styles.traversal import Traversed, remember, segments_of, walk
from segue.core.styles.viewrecords import Traverse, View
from segue.http.errors import MethodNotAllowed, NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["GIVEN", "Tree", "as_given"]

#: The parameters that a view is given besides those of the path of its tree.
GIVEN = ("context", "subpath", "root")
_GIVEN = "".join([f"/{{{name}}}" for name in GIVEN])
_OWN = frozenset({"name", "context", "methods", "inside"})
_NONE = Conditions()
_ROOT = "root of the tree"


class Entry(NamedTuple):
    """A view in its place."""

    view: View
    name: str
    classes: tuple[type, ...]
    inside: type
    methods: tuple[str, ...]
    takes_subpath: bool
    endpoint: Endpoint

    def answers(self, method: str) -> bool:
        return not self.methods or method in self.methods or (method == "HEAD" and "GET" in self.methods)

    def distance(self, context: Any) -> int | None:
        """How far the class of the context is from that of the view; None when it is no such thing.

        Classes that it does not inherit from, as protocols, come after those that it does, and before any object.
        """
        line = type(context).__mro__
        found = [_distance(line, one) for one in self.classes if isinstance(context, one)]
        return min(found, default=None)

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        count, kinds = (self.endpoint.conditions or _NONE).rank
        # Said to be inside of something, or for these methods only, it is more specific, as by a predicate.
        return count - (self.inside is not object) - bool(self.methods), kinds


def _distance(line: tuple[type, ...], kind: type) -> int:
    if kind is object:
        return len(line) + 1
    return line.index(kind) if kind in line else len(line)


class Placing:
    """Where the endpoint of one view goes, instead of among the paths."""

    def __init__(self, tree: "Tree", view: View) -> None:
        self._tree = tree
        self._view = view

    def place(
        self, template: Template, _: Template | None, methods: Sequence[str], endpoint: Endpoint
    ) -> dict[str, str]:
        self._tree.place(self._view, template, methods, endpoint)
        return {}


class Tree:
    """A tree of resources at a path, with the views of what is in it."""

    def __init__(self, record: Traverse, problems: list[str]) -> None:
        self.record = record
        self.at = record.at.rstrip("/")
        #: Segments of the whole path before the tree.
        self.depth = 0
        #: Tell who wants to know that a walk begins, and that it has ended.
        self.started: Notice | None = None
        self.found: Notice | None = None
        self._problems = problems
        self._views: dict[str, list[Entry]] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """The templates of the routes that lead here."""
        return (*((self.at,) if self.at else ()), f"{self.at}/", f"{self.at}/{{traverse:path}}")

    @property
    def path_of_views(self) -> str:
        """The template of the views, of which only the names matter."""
        return self.at + _GIVEN

    # --- declared ------------------------------------------------------------------------------------------------

    def route(self, view: View) -> Route:
        """The route of a view, whose endpoint is put here."""
        options: Any = {key: value for key, value in view.options.items() if key not in _OWN}
        methods = tuple(dict.fromkeys(method.upper() for method in view.options.get("methods", ())))
        return Route(
            methods,
            self.path_of_views,
            view.handler,
            options,
            view.place,
            view.names,
            into=Placing(self, view),
        )

    def routes(self) -> Iterator[Route]:
        """The routes that lead here."""
        options: Any = {key: value for key, value in self.record.options.items() if key in ("name", "host")}
        # It is asked for by the views, who know the context.
        options["permission"] = None
        options.setdefault(
            "name", str(getattr(self.record.root, "__name__", type(self.record.root).__name__))
        )
        # What stands below it, no description of paths can say.
        options["documented"] = False
        hooks = (_keeping(self.record.root),) if callable(self.record.root) else ()
        calling = Calling(hooks=hooks, leads=True)
        for path in self.paths:
            yield Route((), path, self.answer, options, self.record.place, self.record.names, calling)

    def place(self, view: View, template: Template, methods: Sequence[str], endpoint: Endpoint) -> None:
        """Lets ``endpoint`` answer for ``view``. Raises HandlerError for a class that no object can be asked for."""
        options = view.options
        bound = {one.name: one for one in endpoint.parameters}
        hint = bound["context"].kind if "context" in bound else Any
        entry = Entry(
            view,
            options.get("name", ""),
            _classes(options.get("context", hint), endpoint),
            options.get("inside", object),
            tuple(methods),
            "subpath" in bound,
            endpoint,
        )
        endpoint.parameters = as_given(endpoint.parameters)
        endpoint.path = f"{template.text.removesuffix(_GIVEN)}/{{traverse:path}}"
        endpoint.path += f"/@@{entry.name}" if entry.name else ""
        present = self._views.setdefault(entry.name, [])
        for other in present:
            if _same(other, entry):
                self._problems.append(
                    f"the view {entry.name!r} of {' | '.join(told(one) for one in entry.classes)} is declared at "
                    f"{other.endpoint.place} ({other.endpoint.name}) and at {endpoint.place} ({endpoint.name}): no "
                    f"request can tell them apart. Give one another name, context or predicate"
                )
        present.append(entry)
        present.sort(key=lambda one: one.rank)

    # --- asked ---------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Answers a request for something in the tree."""
        params = dict(request.params)
        names = segments_of(params.pop("traverse", ""))
        virtual = self.record.options.get("virtual_root", "")
        if callable(virtual):
            virtual = virtual(request)
        if names is None:
            raise NotFound
        request.params = params
        root = (request.made or {})[_ROOT] if callable(self.record.root) else self.record.root
        if self.started is not None:
            await self.started(TraversalStarted(request, root))
        found = await walk(root, [one for one in virtual.split("/") if one], names)
        found = msgspec.structs.replace(found, depth=self.depth)
        remember(request, found)
        request.params = {**params, "context": found.context, "subpath": found.subpath, "root": root}
        if self.found is not None:
            await self.found(ContextFound(request, found.context))
        return await self._view(request, found)

    async def _view(self, request: Request, found: Traversed) -> Response:
        context = found.context
        fitting: list[tuple[int, Entry]] = []
        for entry in self._views.get(found.view_name, ()):
            distance = entry.distance(context)
            if distance is None or (found.subpath and not entry.takes_subpath):
                continue
            if entry.inside is object or _is_inside(found, entry.inside):
                fitting.append((distance, entry))
        fitting.sort(key=lambda one: one[0])
        asked = [one for one in fitting if one[1].answers(request.method)]
        if fitting and not asked:
            return self._other_method(request, [entry for _, entry in fitting])
        groups = [
            [entry.endpoint for _, entry in group]
            for _, group in itertools.groupby(asked, key=lambda one: (one[0], one[1].rank))
        ]
        endpoint = request.endpoint = await choose(groups, request)
        response = await endpoint.call(request)
        vary = {name: None for _, one in fitting for name in (one.endpoint.conditions or _NONE).vary}
        if vary:
            response.headers.vary(*vary)
        return response

    def _other_method(self, request: Request, entries: list[Entry]) -> Response:
        methods = {method for entry in entries for method in entry.methods} | {"OPTIONS"}
        allow = sorted(methods | ({"HEAD"} if "GET" in methods else set()))
        if request.method == "OPTIONS":
            return Response(b"", 204, {"allow": ", ".join(allow)})
        raise MethodNotAllowed(allow=allow)


def as_given(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters, those of the walk as what they are: nothing of them is text of the request."""
    return tuple([dataclasses.replace(one, kind=Any) if one.name in GIVEN else one for one in parameters])


def _same(one: Entry, other: Entry) -> bool:
    """Whether no request can tell them apart."""
    methods = one.methods == other.methods or bool({*one.methods} & {*other.methods})
    return (
        methods
        and {*one.classes} == {*other.classes}
        and one.inside is other.inside
        and (one.endpoint.conditions or _NONE).key == (other.endpoint.conditions or _NONE).key
    )


def _is_inside(found: Traversed, kind: type) -> bool:
    return any(isinstance(one, kind) for one in (*found.lineage, *lineage(found.root)))


def _classes(kind: Any, endpoint: Endpoint) -> tuple[type, ...]:
    """The classes of a context that an annotation, or ``context=``, names."""
    plain = bare(kind)
    if plain is Any or plain is None:
        return (object,)
    if is_union(plain):
        return tuple(one for member in get_args(plain) for one in _classes(member, endpoint))
    plain = get_origin(plain) or plain
    if not isinstance(plain, type):
        raise HandlerError(f"{endpoint}: the context of a view is said by a class, not by {plain!r}")
    if getattr(plain, "_is_protocol", False) and not getattr(plain, "_is_runtime_protocol", False):
        raise HandlerError(
            f"{endpoint}: no object can be asked whether it is a {plain.__name__}; put @typing.runtime_checkable on it"
        )
    return (plain,)


def _keeping(factory: Callable[..., Any]) -> Hook:
    """Runs ``factory``, bound as a handler is, and keeps what it makes as the root for the request."""
    parameters = list(inspect.signature(factory).parameters.values())
    at = next((place for place, one in enumerate(parameters) if one.name == "request"), None)
    named = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD), *parameters]

    async def keep(*values: Any, **more: Any) -> None:
        request: Request = values[0] if at is None else more["request"] if "request" in more else values[at]
        made = factory(*(values[1:] if at is None else values), **more)
        if request.made is None:
            request.made = {}
        request.made[_ROOT] = await made if isinstance(made, Awaitable) else made

    # A signature to read in place of its own.
    read: Any = keep
    source: Any = factory
    read.__wrapped__ = source.__init__ if isinstance(factory, type) else source
    read.__signature__ = inspect.Signature(named if at is None else parameters)
    read.__qualname__ = getattr(factory, "__qualname__", type(factory).__qualname__)
    return Hook("before", keep)

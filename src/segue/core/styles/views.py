"""The views of one tree of resources: which one answers, by the class of the context, its name and its predicates."""

import dataclasses
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, get_args, get_origin

from segue.core.binding.calling import Calling
from segue.core.binding.kinds import bare, is_union, told
from segue.core.binding.parameters import HandlerError, Parameter
from segue.core.handlers import Endpoint
from segue.core.life.receivers import Notice
from segue.core.life.signals import ContextFound, TraversalStarted
from segue.core.records import Route
from segue.core.routing.templates import Template
from segue.core.styles.fitting import Entry, Views
from segue.core.styles.hooks import Hook
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
_ROOT = "root of the tree"


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
        self._virtual = record.options.get("virtual_root", "")
        #: Segments of the whole path before the tree.
        self.depth = 0
        #: Tell who wants to know that a walk begins, and that it has ended.
        self.started: Notice | None = None
        self.found: Notice | None = None
        self._problems = problems
        self._views: dict[str, Views] = {}

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
        views = self._views.setdefault(entry.name, Views())
        for other in views.entries:
            if _same(other, entry):
                self._problems.append(
                    f"the view {entry.name!r} of {' | '.join(told(one) for one in entry.classes)} is declared at "
                    f"{other.endpoint.place} ({other.endpoint.name}) and at {endpoint.place} ({endpoint.name}): no "
                    f"request can tell them apart. Give one another name, context or predicate"
                )
        views.add(entry)

    # --- asked ---------------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Answers a request for something in the tree."""
        params = dict(request.params)
        names = segments_of(params.pop("traverse", ""))
        virtual = self._virtual
        if callable(virtual):
            virtual = virtual(request)
        if names is None:
            raise NotFound
        request.params = params
        root = (request.made or {})[_ROOT] if callable(self.record.root) else self.record.root
        if self.started is not None:
            await self.started(TraversalStarted(request, root))
        found = await walk(root, [one for one in virtual.split("/") if one], names, self.depth)
        remember(request, found)
        request.params = {**params, "context": found.context, "subpath": found.subpath, "root": root}
        if self.found is not None:
            await self.found(ContextFound(request, found.context))
        return await self._view(request, found)

    async def _view(self, request: Request, found: Traversed) -> Response:
        views = self._views.get(found.view_name)
        if views is None:
            raise NotFound
        fitting = views.fitting(found)
        try:
            asked = fitting.asked(request.method)
        except MethodNotAllowed:
            if request.method == "OPTIONS":
                return Response(b"", 204, {"allow": ", ".join(fitting.allow)})
            raise
        endpoint = request.endpoint = asked.quick(request) or await asked.choose(request)
        response = await endpoint.call(request)
        if fitting.variation is not None:
            response.varies(fitting.variation)
        return response


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
        and one.conditions.key == other.conditions.key
    )


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

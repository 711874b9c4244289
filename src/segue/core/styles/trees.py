"""Object trees: attributes are parts of the path, exposed methods answer, and their parameters are the arguments."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from segue.core.binding.calling import PLAIN, Calling
from segue.core.binding.parameters import HandlerError, called_by_path
from segue.core.options import layered
from segue.core.records import Compiles, Record, Route
from segue.core.routing.dispatch import Find
from segue.core.source import Source
from segue.core.styles.exposing import (
    Exposed,
    RestController,
    exposed,
    exposed_class,
    methods_of,
    popped,
)
from segue.core.styles.hooks import Hook
from segue.core.styles.lookups import REST, Lookup, is_dynamic
from segue.core.styles.resources import options_of, responders
from segue.core.styles.restful import OVERRIDES, REST_METHODS, Overridden, grouped

__all__ = ["Tree", "is_controller"]

_INDEX = "index"
_DEFAULTS = ("_default", "default")


class Node(NamedTuple):
    """One object of a tree: where it is, and what ran on the way to it.

    ``owner``: the object; None if it is found when a request comes. ``at``: the parts of its path, None for one that
    is the next parameter of whatever method is called.
    """

    kind: type
    owner: Any
    at: tuple[str | None, ...]
    name: str
    above: tuple[int, ...] = ()
    visits: tuple[Hook, ...] = ()


class Tree(Compiles):
    """``app.tree(at, root, **options)``."""

    def __init__(
        self, at: str, root: Any, options: Mapping[str, Any], place: Source, names: Mapping[str, Any]
    ) -> None:
        self.at = at.rstrip("/")
        self.root = root
        self.options = dict(options)
        self.name: str = self.options.pop("name", None) or type(root).__name__
        self.place = place
        self.names = names

    def records(self) -> Iterator[Record]:
        """The routes of all exposed methods. Raises HandlerError for a tree that has none."""
        if isinstance(self.root, type):
            raise HandlerError(
                f"{self.place}: a tree grows from an object: {self.root.__name__}(), not the class"
            )
        first = next(records := self.below(Node(type(self.root), self.root, (), self.name)), None)
        if first is None:
            raise HandlerError(
                f"{self.place}: {type(self.root).__name__} has nothing to answer with: put @expose on its methods"
            )
        yield first
        yield from records

    def below(self, node: Node) -> Iterator[Record]:
        """The routes of an object and of those that it holds."""
        visit = _method(node, "_visit")
        if visit is not None:
            node = node._replace(visits=(*node.visits, _hook("before", visit)))
        taken = popped(node.kind)
        for many in range(len(taken) + 1):
            yield from self._at(node._replace(at=(*node.at, *[f"{{{name}}}" for name in taken[:many]])))

    def _at(self, node: Node) -> Iterator[Record]:
        if issubclass(node.kind, RestController):
            yield from self._restful(node)
            return
        if exposed_class(node.kind) is not None:
            yield from self._by_verb(node)
        names = {name for name, _ in methods_of(node.kind)}
        for name, function in methods_of(node.kind):
            said = exposed(node.kind, name)
            if said is None:
                continue
            if name in _DEFAULTS:
                yield from self._route(node, name, function, said, least=1 if _INDEX in names else 0)
            elif name == _INDEX:
                yield from self._route(node, name, function, said, most=0)
            else:
                for own in (name, *said.aliases):
                    yield from self._route(node, name, function, said, own)
        yield from self._held(node)
        if node.owner is not None and is_dynamic(node.kind):
            yield self._lookup(node)

    def _held(self, node: Node) -> Iterator[Record]:
        for name, child in children(node):
            at = (*node.at, name)
            above = (*node.above, id(node.owner))
            yield from self.below(Node(type(child), child, at, f"{node.name}.{name}", above, node.visits))

    def _by_verb(self, node: Node) -> Iterator[Record]:
        """The methods of an exposed class: GET, POST and others."""
        said = exposed_class(node.kind) or Exposed()
        for name, methods in responders(node.kind, ""):
            function = inspect.getattr_static(node.kind, name)
            if methods != ("websocket",) and inspect.isfunction(function):
                yield from self._route(node, name, function, said._replace(methods=methods))

    def _restful(self, node: Node) -> Iterator[Record]:
        """The methods of a REST controller, and below one of its objects what it holds."""
        routes: list[Route] = []
        ids = 0
        for name, function in methods_of(node.kind):
            said = exposed(node.kind, name)
            if said is None or (name == "delete" and exposed(node.kind, "post_delete") is not None):
                continue
            rest = REST_METHODS.get(name)
            if rest is None:
                yield from self._route(node, name, function, said, name)
                continue
            if name in {"get_one", "get", "put"} and not ids:
                ids = _needed(function, self.names, self.place) - node.at.count(None)
            said = said._replace(methods=rest.methods)
            routes += self._route(
                node, name, function, said, *rest.before, least=rest.least, most=rest.most, after=rest.behind
            )
        for same in grouped(routes).values():
            overridden = [one for one in same if one.methods[0] in OVERRIDES]
            posted = [one for one in same if one.methods == ("POST",)]
            yield from [one for one in same if not overridden or one not in posted]
            if overridden:
                yield self._overridden([*overridden, *posted])
        yield from self._held(node._replace(at=(*node.at, *[None] * ids)))

    def _overridden(self, routes: list[Route]) -> Route:
        find = functools.cache(lambda: self.compile(routes, True))
        allow = tuple(sorted({one.methods[0] for one in routes}))
        first = routes[-1]
        return first._replace(methods=("POST",), handler=Overridden(find, allow).answer, calling=PLAIN)

    def _lookup(self, node: Node) -> Route:
        """What answers below an object that finds others by itself."""
        outer = tuple(part[1:-1] for part in node.at if part is not None and part.startswith("{"))

        def compile_class(kind: type) -> Find:
            tree = Tree("", None, {**self.options, "name": kind.__name__}, self.place, self.names)
            records = tree.below(Node(kind, None, (), f"{node.name}.{kind.__name__}"))
            return self.compile([_within(one, outer) for one in records if isinstance(one, Route)], False)

        handler = Lookup(node.owner, compile_class).find_and_answer
        path = "/".join([self.at, *[part or "" for part in node.at], f"{{{REST}:path}}"])
        options: Any = {**self.options, "name": f"{node.name}._lookup"}
        calling = Calling(hooks=(*node.visits, *_around(node)), leads=True)
        return Route((), path, handler, options, self.place, self.names, calling)

    def _route(
        self,
        node: Node,
        name: str,
        function: Callable[..., Any],
        said: Exposed,
        *behind: str,
        least: int = 0,
        most: int | None = None,
        after: str = "",
    ) -> Iterator[Route]:
        """A route for each number of arguments that may stand in the path, from ``least`` to ``most``.

        ``behind``: parts of the path before them, ``after`` one that follows.
        """
        handler = function if node.owner is None else getattr(node.owner, name)
        fit, rest, others = called_by_path(handler, self.names, self.place)
        fit = [one for one in fit if f"{{{one}}}" not in node.at]
        given = {part[1:-1] for part in node.at if part is not None and part.startswith("{")}
        bound = inspect.signature(handler).parameters
        if not others and any(one not in bound for one in given):
            return
        unnamed = node.at.count(None)
        if unnamed > len(fit):
            raise HandlerError(
                f"{node.name}.{name} ({self.place}) needs {unnamed} parameters for what is before it in the path"
            )
        ids = iter(fit[:unnamed])
        before = [next(ids) if part is None else part for part in node.at]
        before = [
            f"{{{part}}}" if at is None else part for part, at in zip(before, node.at, strict=True)
        ] + list(behind)
        fit = fit[unnamed:]
        calling = Calling(
            kind=node.kind if node.owner is None else None,
            hooks=(*node.visits, *_around(node)),
            arguments="closed",
        )
        own_options = layered(said.options, options_of(function))
        options: Any = {
            "slashes": "ignore",
            **layered(self.options, own_options),
            "name": f"{node.name}.{name}",
        }
        last = len(fit) if most is None else most
        for many in range(least, last + 1):
            parts = [*before, *[f"{{{one}}}" for one in fit[:many]], *([after] if after else [])]
            path = f"{self.at}/{'/'.join(parts)}"
            if name in {_INDEX, *_DEFAULTS} and not many and parts:
                path += "/"
            yield Route(said.methods, path, handler, options, self.place, self.names, calling)
        if rest is not None and most is None:
            path = f"{self.at}/{'/'.join([*before, *[f'{{{one}}}' for one in fit], f'{{{rest}:path}}'])}"
            calling = calling._replace(rest=rest)
            yield Route(said.methods, path, handler, options, self.place, self.names, calling)


def _within(route: Route, outer: tuple[str, ...]) -> Route:
    return route._replace(calling=route.calling._replace(outer=outer))


def _needed(function: Callable[..., Any], names: Mapping[str, Any], place: Source) -> int:
    """How many of its arguments have to be there."""
    fit, _, _ = called_by_path(function, names, place)
    parameters = inspect.signature(function).parameters
    return len([name for name in fit if parameters[name].default is inspect.Parameter.empty])


def children(node: Node) -> Iterator[tuple[str, Any]]:
    """The objects that an object holds and that answer something, by the names of the attributes."""
    holder = node.kind if node.owner is None else node.owner
    for name in dir(holder):
        if name.startswith("_"):
            continue
        child = inspect.getattr_static(holder, name, None)
        if id(child) not in node.above and child is not node.owner and is_controller(child):
            yield name, child


def is_controller(value: Any, seen: frozenset[int] = frozenset()) -> bool:
    """Whether it, or something that it holds, has an exposed method."""
    kind = type(value)
    if kind.__module__ == "builtins" or isinstance(value, type) or id(value) in seen:
        return False
    if isinstance(value, RestController) or exposed_class(kind) is not None or hasattr(kind, "_lookup"):
        return True
    if any(exposed(kind, name) is not None for name, _ in methods_of(kind)):
        return True
    held = {**vars(kind), **getattr(value, "__dict__", {})}
    below = seen | {id(value)}
    return any(not name.startswith("_") and is_controller(one, below) for name, one in held.items())


def _around(node: Node) -> Iterator[Hook]:
    """``_before`` and ``_after`` of an object."""
    for name in ("before", "after"):
        function = _method(node, f"_{name}")
        if function is not None:
            yield _hook(name, function)


def _method(node: Node, name: str) -> Callable[..., Any] | None:
    function = inspect.getattr_static(node.kind, name, None)
    if not inspect.isfunction(function):
        return None
    bound: Callable[..., Any] = function if node.owner is None else getattr(node.owner, name)
    return bound


def _hook(kind: Any, function: Callable[..., Any]) -> Hook:
    hook = Hook(kind, function)
    hook.arguments = True
    return hook

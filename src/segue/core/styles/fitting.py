"""Which views of one name fit a resource: found out once for each class of resources, where the class decides."""

import abc
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from segue.core.handlers import Endpoint
from segue.core.routing.choice import choose
from segue.core.routing.conditions import Conditions
from segue.core.routing.quick import quick_choice
from segue.core.styles.lineage import lineage
from segue.core.styles.traversal import Traversed
from segue.core.styles.viewrecords import View
from segue.http.errors import MethodNotAllowed
from segue.http.request import Request
from segue.http.response import Variation

__all__ = ["Asked", "Entry", "Fitting", "Views"]

_NONE = Conditions()
_MOST = 1024  # classes that are remembered; a program that makes new ones for each request must not fill the memory


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
    def conditions(self) -> Conditions:
        return self.endpoint.conditions or _NONE

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        count, kinds = self.conditions.rank
        # Said to be inside of something, or for these methods only, it is more specific, as by a predicate.
        return count - (self.inside is not object) - bool(self.methods), kinds

    @property
    def by_class(self) -> bool:
        """Whether the class of a context alone says if the view is for it."""
        return self.inside is object and all(
            type(one).__instancecheck__ in (type.__instancecheck__, abc.ABCMeta.__instancecheck__)
            for one in self.classes
        )


def _distance(line: tuple[type, ...], kind: type) -> int:
    if kind is object:
        return len(line) + 1
    return line.index(kind) if kind in line else len(line)


class Asked(NamedTuple):
    """The views that are asked for one method: by ``quick``, and where that has no answer by ``choose``."""

    groups: Sequence[Sequence[Endpoint]]
    quick: Callable[[Request], Endpoint | None]

    async def choose(self, request: Request) -> Endpoint:
        """The one that answers. Raises what :func:`segue.core.routing.choice.choose` raises."""
        return await choose(self.groups, request)


class Fitting:
    """The views of one name that are for one resource, or for all of a class, the closest first."""

    def __init__(self, entries: Iterable[tuple[int, Entry]]) -> None:
        self._entries = sorted(entries, key=lambda one: one[0])
        self._asked: dict[str, Asked] = {}
        vary = dict.fromkeys(name for _, one in self._entries for name in one.conditions.vary)
        #: The fields of requests that decide.
        self.variation = Variation(*vary) if vary else None

    def asked(self, method: str) -> Asked:
        """Those for a method. Raises MethodNotAllowed, with the methods that there are."""
        found = self._asked.get(method)
        if found is None:
            entries = [one for one in self._entries if one[1].answers(method)]
            if self._entries and not entries:
                raise MethodNotAllowed(allow=self.allow)
            groups = [
                [entry.endpoint for _, entry in group]
                for _, group in itertools.groupby(entries, key=lambda one: (one[0], one[1].rank))
            ]
            found = Asked(groups, quick_choice(groups))
            if len(self._asked) < len(_METHODS) or method in _METHODS:
                self._asked[method] = found
        return found

    @property
    def allow(self) -> list[str]:
        """The methods that these answer."""
        methods = {method for _, entry in self._entries for method in entry.methods} | {"OPTIONS"}
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")


class Views:
    """All views of one name."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._by_class: dict[tuple[type, bool, object], Fitting] = {}

    def add(self, entry: Entry) -> None:
        """Puts a view among the others."""
        self.entries.append(entry)
        self.entries.sort(key=lambda one: one.rank)

    def fitting(self, found: Traversed) -> Fitting:
        """The views for where a request was led to."""
        context = found.context
        kind = type(context)
        # A class may be registered as one of another's later, which the token tells; a proxy is of two classes.
        key = (kind, bool(found.subpath), abc.get_cache_token())
        fitting = self._by_class.get(key)
        if fitting is None or context.__class__ is not kind:
            fitting = Fitting(self._find(found))
            if len(self._by_class) < _MOST and context.__class__ is kind and self._all_by_class:
                self._by_class[key] = fitting
        return fitting

    @property
    def _all_by_class(self) -> bool:
        return all(one.by_class for one in self.entries)

    def _find(self, found: Traversed) -> Iterable[tuple[int, Entry]]:
        for entry in self.entries:
            distance = entry.distance(found.context)
            if distance is None or (found.subpath and not entry.takes_subpath):
                continue
            if entry.inside is object or _is_inside(found, entry.inside):
                yield distance, entry


def _is_inside(found: Traversed, kind: type) -> bool:
    return any(isinstance(one, kind) for one in (*found.lineage, *lineage(found.root)))

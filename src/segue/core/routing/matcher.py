"""Finds what a path leads to: a dict for static paths, a tree of segments for the others.

At each segment static text comes before a parameter with a converter, that before a plain one, and one that takes
slashes is last. Where a node has one way on, the walk is a loop; it goes back only where there are alternatives.
"""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from segue.core.routing.templates import Segment, Template
from segue.http.url import decode_segment

__all__ = ["Matcher"]

E = TypeVar("E")
Convert = Callable[[str], list[Any] | None]


class _Edge(Generic[E]):
    """A way on from a node: ``values`` gives those of a segment's fields, or None when the segment is not taken."""

    __slots__ = ("key", "node", "plain", "rank", "spans", "values")

    def __init__(self, segment: Segment) -> None:
        fields = segment.fields
        self.key = segment.key
        self.node: _Node[E] = _Node()
        self.spans = fields[0].spans
        self.plain = len(segment.parts) == 1 and fields[0].converter is None
        self.values: Convert = _one(segment) if len(segment.parts) == 1 else _several(segment)
        # Among several with converters, the one with more text of its own goes first.
        text = sum(len(part) for part in segment.parts if isinstance(part, str))
        self.rank = (self.spans, self.plain, all(field.converter is None for field in fields), -text)


class _Node(Generic[E]):
    __slots__ = ("depth", "edges", "entry", "names", "only", "rest", "static")

    def __init__(self) -> None:
        self.static: dict[str, _Node[E]] = {}
        self.edges: list[_Edge[E]] = []
        #: The edge, when it is the only way on besides static text and takes one segment.
        self.only: _Edge[E] | None = None
        #: The edge, when it is the only way on besides static text and takes all that is left.
        self.rest: _Edge[E] | None = None
        #: Segments before it, the empty one before the first slash included.
        self.depth = 1
        self.entry: E | None = None
        self.names: tuple[str, ...] = ()


class Matcher(Generic[E]):
    """Templates and an entry of the caller's for each.

    ``add`` all of them, ``finish``, then ``match``. Two templates of the same key share one entry: the caller sees to it.
    """

    __slots__ = ("_root", "static", "tails")

    def __init__(self) -> None:
        #: Paths without parameters.
        self.static: dict[str, E] = {}
        self._root: _Node[E] = _Node()
        #: Static text and one plain parameter behind it, by the text: its name, and the entry.
        # PERF: that is what most templates with parameters are: one look-up instead of a walk (benchmarks, JSON).
        self.tails: dict[str, tuple[str, E]] = {}

    def add(self, template: Template, entry: E) -> None:
        """Makes paths of ``template`` lead to ``entry``."""
        if not template.fields:
            self.static[template.text.replace("%", "%25")] = entry
        node = self._root
        for segment in template.segments:
            if not segment.fields:
                node = node.static.setdefault(segment.text, _Node())
                continue
            for edge in node.edges:
                if edge.key == segment.key:
                    break
            else:
                edge = _Edge(segment)
                node.edges.append(edge)
                node.edges.sort(key=lambda one: one.rank)
            node = edge.node
        node.entry = entry
        node.names = template.names

    def finish(self) -> None:
        """Prepares the walk, when all is added."""
        waiting: list[tuple[_Node[E], str | None]] = [(self._root, "")]
        while waiting:
            node, prefix = waiting.pop()
            if len(node.edges) == 1:
                edge = node.edges[0]
                if not edge.spans:
                    node.only = edge
                elif not edge.node.static and not edge.node.edges:
                    node.rest = edge
            for child in (*node.static.values(), *[edge.node for edge in node.edges]):
                child.depth = node.depth + 1
            # Those that take slashes come after the plain one.
            if node.edges and all(edge.spans for edge in node.edges[1:]):
                self._add_tail(prefix, node.edges[0])
            for text, child in node.static.items():
                waiting.append((child, None if prefix is None else f"{prefix}/{text}"))
            waiting.extend((edge.node, None) for edge in node.edges)

    def _add_tail(self, prefix: str | None, edge: _Edge[E]) -> None:
        entry, names = edge.node.entry, edge.node.names
        if prefix is not None and entry is not None and edge.plain:
            self.tails[prefix] = (names[0], entry)

    def match(self, path: str) -> tuple[E, dict[str, Any]] | None:
        """The entry for ``path``, as ``decode_path`` gives it, and the values of its fields; None when there is none.

        A path that ends in a control character leads nowhere (``/admin%0a``).
        """
        if path[-1:] < " ":
            return None
        return self._walk(path)

    def _walk(self, path: str) -> tuple[E, dict[str, Any]] | None:
        segments = path.split("/")
        if segments[0]:
            return None
        node = self._root
        values: list[Any] = []
        for segment in segments[1:]:
            child = node.static.get(segment)
            if child is not None and not node.edges:
                node = child
                continue
            edge = node.only
            if edge is None or child is not None:
                if not node.edges:
                    return None
                rest = node.rest
                if child is None and rest is not None:
                    # PERF: folders of files and mounted apps: 1.7 us instead of the 2.2 us of a search.
                    more = rest.values("/".join(segments[node.depth :]))
                    if more is None:
                        return None
                    values += more
                    node = rest.node
                    break
                found = self._search(self._root, segments, 1)
                if found is None:
                    return None
                node, values = found
                break
            if edge.plain:
                if not segment:
                    return None
                values.append(segment if "%" not in segment else decode_segment(segment))
            else:
                more = edge.values(segment)
                if more is None:
                    return None
                values += more
            node = edge.node
        if node.entry is None:
            return None
        return node.entry, dict(zip(node.names, values, strict=True))

    def _search(self, node: _Node[E], segments: list[str], at: int) -> tuple[_Node[E], list[Any]] | None:
        """The walk where it may have to go back: where it ends, and the values on the way."""
        if at == len(segments):
            return None if node.entry is None else (node, [])
        segment = segments[at]
        child = node.static.get(segment)
        if child is not None and (found := self._search(child, segments, at + 1)):
            return found
        for edge in node.edges:
            if edge.spans:
                found = self._search_spanning(edge, segments, at)
            elif (values := edge.values(segment)) is None:
                continue
            elif found := self._search(edge.node, segments, at + 1):
                found = found[0], values + found[1]
            if found is not None:
                return found
        return None

    def _search_spanning(
        self, edge: _Edge[E], segments: list[str], at: int
    ) -> tuple[_Node[E], list[Any]] | None:
        # What follows is looked at first, and its text is put together only then. As a template has one such field,
        # the time is linear in the path.
        whole = len(segments)
        goes_on = edge.node.static or edge.node.edges
        for end in (*range(whole - 1, at, -1), whole) if goes_on else (whole,):
            found = self._search(edge.node, segments, end)
            if found is not None and (values := edge.values("/".join(segments[at:end]))) is not None:
                return found[0], values + found[1]
        return None


def _one(segment: Segment) -> Convert:
    converter = segment.fields[0].converter
    if converter is None:
        return lambda text: [decode_segment(text)] if text else None
    spans = converter.spans

    def values(text: str) -> list[Any] | None:
        try:
            return [converter(text if spans or "%" not in text else decode_segment(text))]
        except ValueError:
            return None

    return values


def _several(segment: Segment) -> Convert:
    fullmatch = re.compile(segment.pattern, re.DOTALL).fullmatch
    fields = segment.fields

    def values(text: str) -> list[Any] | None:
        found = fullmatch(text)
        if found is None:
            return None
        try:
            return [
                decode_segment(found[field.name])
                if field.converter is None
                else field.converter.convert(decode_segment(found[field.name]))
                for field in fields
            ]
        except ValueError:
            return None

    return values

"""Traversal: a path walks a tree of resources to the one that it is about, and a view of that answers.

``/docs/a/b/edit`` asks the root for ``a`` and that for ``b``; if ``b`` has nothing called ``edit``, ``b`` is the context
and ``edit`` the name of the view.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.url import decode_segment

__all__ = ["Traversed", "is_traversed", "remember", "segments_of", "traversed", "walk"]

_KEY = "traversed"
_NO_NAMES = frozenset(("", ".", ".."))
#: They are no trees, though they have ``__getitem__``.
_LEAVES = (str, bytes, bytearray, list, tuple)


class Traversed(msgspec.Struct, frozen=True, eq=False):
    """Where a request was led to.

    ``names``: those of the resources on the way; ``lineage`` the resources, the root first and the context last.
    ``view_name`` and ``subpath``: what was left of the path. ``virtual``: the names up to the virtual root.
    ``depth``: segments of the path before the tree.
    """

    lineage: tuple[Any, ...]
    names: tuple[str, ...]
    view_name: str
    subpath: tuple[str, ...]
    virtual: tuple[str, ...] = ()
    depth: int = 0

    @property
    def root(self) -> Any:
        return self.lineage[0]

    @property
    def context(self) -> Any:
        return self.lineage[-1]

    @property
    def virtual_root(self) -> Any:
        """The resource at which URLs begin: the root, unless another one was said."""
        return self.lineage[len(self.virtual)]

    def base(self, request: Request) -> str:
        """The path that the tree stands at, as the client wrote it."""
        raw = request.target.partition("?")[0]
        return request.prefix + "/".join(raw.split("/", self.depth + 1)[: self.depth + 1])


def traversed(request: Request) -> Traversed:
    """Where ``request`` was led to. Raises LookupError for one that no tree of resources answers."""
    if not is_traversed(request):
        raise LookupError(f"{request!r} was not led through a tree of resources: see app.traverse")
    found: Traversed = (request.made or {})[_KEY]
    return found


def is_traversed(request: Request) -> bool:
    """Whether a tree of resources answers ``request``."""
    return request.made is not None and _KEY in request.made


def remember(request: Request, found: Traversed) -> None:
    """Lets :func:`traversed` know."""
    if request.made is None:
        request.made = {}
    request.made[_KEY] = found


def segments_of(path: str) -> list[str] | None:
    """The names in a path that ``decode_path`` gave; None for one that no tree is asked about.

    A slash at the end does not count. Dot segments are never handed to a resource: it may be a directory.
    """
    if not path:
        return []
    names = path.removesuffix("/").split("/")
    if "%" in path:
        names = [decode_segment(segment) for segment in names]
    return names if _NO_NAMES.isdisjoint(names) else None


async def walk(root: Any, virtual: Sequence[str], names: Sequence[str], depth: int = 0) -> Traversed:
    """Walks from ``root`` along ``virtual``, which has to be there, and on along ``names`` as far as there is a way.

    Raises NotFound when there is no virtual root.
    """
    passed = [root]
    view_name, rest = "", list[str]()
    start = len(virtual)
    for at, name in enumerate((*virtual, *names) if virtual else names):
        if name[:2] == "@@" and at >= start:
            view_name, rest = name[2:], [*names[at - start + 1 :]]
            break
        resource = passed[-1]
        step = _step_of(resource)
        try:
            child: Any = None if step is None else step(resource, name)
            if hasattr(type(child), "__await__"):  # as Awaitable looks, 0.3 us a step faster
                child = await child
        except KeyError:
            child = None
        if child is None:
            if at < start:
                raise NotFound
            view_name, rest = name, [*names[at - start + 1 :]]
            break
        passed.append(child)
    went = tuple(names[: len(passed) - 1 - start])
    return Traversed(tuple(passed), (*virtual, *went), view_name, tuple(rest), tuple(virtual), depth)


def _step_of(resource: Any) -> Callable[[Any, str], Any] | None:
    """What asks ``resource`` for a name; None when it has nothing below it."""
    kind = type(resource)
    step = getattr(kind, "resolve", None) or getattr(kind, "__getitem__", None)
    return None if isinstance(resource, _LEAVES) else step

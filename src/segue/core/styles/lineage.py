"""Where a resource stands in its tree, and the way back from a resource to its URL."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, overload

from segue.core.styles.traversal import Traversed, traversed
from segue.http.request import Request
from segue.http.url import encode_path_segment, encode_query

__all__ = ["find_parent", "inside", "lineage", "resource_path", "resource_url", "root_of"]

R = TypeVar("R")


def lineage(resource: Any) -> Iterator[Any]:
    """The resource, its ``__parent__``, and so on, the root last.

    lineage(page)                                   # page, folder, root
    """
    while resource is not None:
        yield resource
        resource = getattr(resource, "__parent__", None)


def root_of(resource: Any) -> Any:
    """The last of its :func:`lineage`."""
    *_, root = lineage(resource)
    return root


def inside(resource: Any, ancestor: Any) -> bool:
    """Whether ``resource`` is ``ancestor`` or below it."""
    return any(one is ancestor for one in lineage(resource))


@overload
def find_parent(resource: Any, kind: type[R]) -> R | None: ...
@overload
def find_parent(resource: Any, kind: Any) -> Any: ...
def find_parent(resource: Any, kind: Any) -> Any:
    """The nearest of its :func:`lineage`, itself included, that is a ``kind``; None when there is none."""
    return next((one for one in lineage(resource) if isinstance(one, kind)), None)


def resource_path(resource: Any, *names: str) -> str:
    """The path of a resource in its tree, percent-encoded: ``/folder/page``; ``/`` for the root.

    ``names`` are put behind it. It is made of the ``__name__`` of the lineage. Raises ValueError for a name that no
    path can have.
    """
    return _joined((*_names(resource), *names))


def resource_url(
    request: Request,
    resource: Any,
    *names: str,
    query: Mapping[str, Any] | None = None,
    external: bool = False,
) -> str:
    """The URL of a resource of the tree that ``request`` was led through.

        resource_url(request, folder)                   # "/docs/folder/"
        resource_url(request, folder, "edit")           # "/docs/folder/edit"

    It stands below the place of the tree and the prefix that the app is served under, and begins at the virtual root.
    ``names`` are put behind it, and ``query``; ``external`` makes it a whole URL. Resources that were passed on the way
    to the context need no ``__name__``. Raises ValueError for a resource outside the virtual root.
    """
    found = traversed(request)
    way = _way(found, resource)
    if way[: len(found.virtual)] != found.virtual:
        raise ValueError(
            f"{resource!r:.80} has no URL here: it is at {_joined(way)}, and URLs begin at {_joined(found.virtual)}"
        )
    path = _joined((*way[len(found.virtual) :], *names))
    if not names and not path.endswith("/"):
        path += "/"
    url = f"{found.base(request)}{path}"
    if query:
        url += f"?{encode_query(query)}"
    return f"{request.scheme}://{request.host}{url}" if external else url


def _way(found: Traversed, resource: Any) -> tuple[str, ...]:
    """The names on the way to a resource: those that the request has taken, or of its lineage."""
    for at, one in enumerate(found.lineage):
        if one is resource:
            return found.names[:at]
    parent = getattr(resource, "__parent__", None)
    if parent is None:
        return _names(resource)
    return (*_way(found, parent), _name(resource))


def _names(resource: Any) -> tuple[str, ...]:
    return tuple(_name(one) for one in reversed([*lineage(resource)][:-1]))


def _name(resource: Any) -> str:
    name = getattr(resource, "__name__", None)
    if not isinstance(name, str) or not name:
        raise ValueError(
            f"{resource!r:.80} has a __parent__ but no __name__: set both, to what its parent knows it by"
        )
    return name


def _joined(names: tuple[str, ...]) -> str:
    return "/" + "/".join(encode_path_segment(name) for name in names)

"""What an app has recorded for traversal: where trees of resources stand, and the views of what is in them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypedDict

from segue.core.options import RouteDefaults
from segue.core.routing.predicates import PredicateOptions
from segue.core.source import Source
from segue.http.request import Request

__all__ = ["Traverse", "TraverseOptions", "View", "ViewOptions"]


class ViewOptions(RouteDefaults, PredicateOptions, total=False):
    """The named arguments of ``app.view``."""

    name: str
    """What stands behind the path of the context: ``edit`` for ``/folder/edit``; by default nothing does."""
    context: Any
    """The class of the context, or several as ``A | B``; by default what the parameter ``context`` is annotated with."""
    methods: list[str]
    """By default all."""
    inside: type
    """The context is below one of this class, or is one."""


class TraverseOptions(TypedDict, total=False):
    """The named arguments of ``app.traverse``."""

    name: str
    """For ``url_for(name, traverse="a/b")``; by default the name of the root factory."""
    host: str
    """Only requests for such a host, as for a route."""
    virtual_root: str | Callable[[Request], str]
    """The path of the resource at which URLs begin, or a function of the request that says it."""


class View(NamedTuple):
    """``@app.view(**options)``."""

    handler: Callable[..., Any]
    options: ViewOptions
    place: Source
    names: Mapping[str, Any]


class Traverse(NamedTuple):
    """``app.traverse(at, root)``."""

    at: str
    root: Any
    options: TraverseOptions
    place: Source
    names: Mapping[str, Any]

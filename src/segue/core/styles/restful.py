"""REST controllers in object trees: the paths of their methods, and methods that a form can only name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from segue.core.routing.dispatch import Find
from segue.core.styles.lookups import follow
from segue.http.body import NO_BODY
from segue.http.errors import MethodNotAllowed, NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["OVERRIDES", "REST_METHODS", "Overridden", "Restful", "grouped"]

#: What a form cannot send.
OVERRIDES = frozenset({"PUT", "PATCH", "DELETE"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class Restful(NamedTuple):
    """Where a method of a REST controller answers: with how many arguments in the path, and what before or behind."""

    methods: tuple[str, ...]
    least: int = 0
    most: int | None = None
    before: tuple[str, ...] = ()
    behind: str = ""


#: Those of one line stand for each other; the first that is there counts.
REST_METHODS: Mapping[str, Restful] = {
    "get_all": Restful(("GET",), most=0),
    "get_one": Restful(("GET",), least=1),
    "get": Restful(("GET",)),
    "new": Restful(("GET",), before=("new",)),
    "edit": Restful(("GET",), least=1, behind="edit"),
    "get_delete": Restful(("GET",), least=1, behind="delete"),
    "post": Restful(("POST",)),
    "put": Restful(("PUT",)),
    "patch": Restful(("PATCH",)),
    "post_delete": Restful(("DELETE",)),
    "delete": Restful(("DELETE",)),
}


class Overridden:
    """Answers POST for a path that has PUT, PATCH or DELETE: ``_method`` in the query or the form names which."""

    def __init__(self, find: Callable[[], Find], allow: tuple[str, ...]) -> None:
        self._find = find
        self._allow = allow

    async def answer(self, request: Request) -> Response:
        """The handler."""
        named = request.query.get("_method")
        if named is None and request.source is not NO_BODY and request.content_type in _FORMS:
            named = (await request.form()).fields.get("_method")
        if named is not None:
            if named.upper() not in OVERRIDES:
                raise MethodNotAllowed(allow=self._allow)
            request.method = named.upper()
        response = await follow(request, self._find(), request.path)
        if response is None:
            raise NotFound
        return response


def grouped(routes: Iterable[Any]) -> dict[tuple[str, ...], list[Any]]:
    """Routes by their paths, whatever the parameters in them are called."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for route in routes:
        key = tuple("{}" if part.startswith("{") else part for part in route.path.split("/"))
        groups.setdefault(key, []).append(route)
    return groups

"""Objects of a tree that are found when a request comes: by ``_lookup``, or by attributes that a class makes up."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from segue.core.records import Route
from segue.core.routing.dispatch import Find
from segue.http.errors import MethodNotAllowed, NotFound
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import decode_segment

__all__ = ["REST", "Compile", "Lookup", "follow", "is_dynamic"]

Compile = Callable[[Iterable[Route], bool], Find]
"""Makes what finds among routes that are no part of the plan, below the place of a tree or, if True, as they are."""

#: The parameter of the path that is left to look up.
REST = "_rest"
_MOST = 100


def is_dynamic(kind: type) -> bool:
    """Whether objects of a class find others by themselves."""
    return hasattr(kind, "_lookup") or hasattr(kind, "__getattr__")


async def follow(request: Request, find: Find, path: str) -> Response | None:
    """Lets the endpoint answer that ``find`` has for ``path``; None if it has none.

    Raises MethodNotAllowed.
    """
    given = request.params
    methods = find(request, path)
    if methods is None:
        request.params = given
        return None
    endpoint = methods.get(request.method) or methods.rest
    if endpoint is None:
        raise MethodNotAllowed(allow=methods.allow)
    request.params = {**given, **request.params}
    request.endpoint = endpoint
    return await endpoint.call(request)


class Lookup:
    """Answers below an object that finds others: step by step, until a method of one of them fits.

    The methods of a class are compiled once, when its first object is met.
    """

    def __init__(self, owner: Any, compile_class: Callable[[type], Find]) -> None:
        self.owner = owner
        self._compile = compile_class
        self._plans: dict[type, Find] = {}

    async def find_and_answer(self, request: Request) -> Response:
        """The handler of all paths below the object."""
        params = dict(request.params)
        rest = str(params.pop(REST))
        request.params = params
        found = await self._step(self.owner, rest.split("/"))
        for _ in range(_MOST):
            if found is None:
                raise NotFound
            owner, segments = found
            if request.made is None:
                request.made = {}
            request.made["controller"] = owner
            response = await follow(request, self._plan(type(owner)), "/" + "/".join(segments))
            if response is not None:
                return response
            found = await self._step(owner, segments)
        raise RuntimeError(
            f"{type(self.owner).__name__}: _lookup was asked {_MOST} times on the way to {request.path!r:.80}; it has to "
            f"return an object and what is left of the path, which gets shorter"
        )

    def _plan(self, kind: type) -> Find:
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = self._compile(kind)
        return plan

    async def _step(self, owner: Any, segments: list[str]) -> tuple[Any, list[str]] | None:
        """The next object, and the parts of the path that are left; None if there is none."""
        from segue.core.styles.trees import is_controller

        parts = [decode_segment(segment) for segment in segments]
        if parts and not parts[-1]:
            parts.pop()  # the slash at the end
        if not parts:
            return None
        name = parts[0]
        if not name.startswith("_") and (hasattr(type(owner), "__getattr__") or name in vars(owner)):
            child = getattr(owner, name, None)
            if is_controller(child):
                return child, segments[1:]
        look = getattr(type(owner), "_lookup", None)
        if look is None:
            return None
        found = look(owner, *parts)
        if inspect.isawaitable(found):
            found = await found
        if found is None:
            return None
        try:
            child, rest = found
        except (TypeError, ValueError):
            raise TypeError(
                f"{type(owner).__name__}._lookup returned {found!r:.80}: it has to return an object and the parts of the "
                f"path that are left, or None (404)"
            ) from None
        return child, [part.replace("%", "%25").replace("/", "%2F") for part in rest]

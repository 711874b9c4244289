"""Leads a request to its endpoint, and answers where there is none: the way from a path to a handler."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from segue.core.handlers import Call, Endpoint, OnError
from segue.core.options import Slashes
from segue.core.routing.matcher import Matcher
from segue.http.errors import MethodNotAllowed, NotFound, PermanentRedirect
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import split_authority

__all__ = ["Find", "Methods", "dispatcher", "find_by_host", "finder"]

_slashes = re.compile("/+")

Find = Callable[[Request, str], "Methods | None"]


class Methods(dict[str, Endpoint]):
    """The endpoints of one path by method; ``rest`` takes the methods that are not named."""

    __slots__ = ("allow", "rest", "slashes")

    def __init__(self) -> None:
        super().__init__()
        self.rest: Endpoint | None = None
        self.slashes: Slashes = "redirect"
        self.allow: tuple[str, ...] = ()


def finder(matcher: Matcher[Methods]) -> Find:
    """Finds the methods of a path and sets the parameters of the request."""
    static, match = matcher.static, matcher.match

    def find(request: Request, path: str) -> Methods | None:
        methods = static.get(path)
        if methods is None:
            found = match(path)
            if found is None:
                return None
            methods, request.params = found
        return methods

    return find


def find_by_host(hosts: Matcher[Find], otherwise: Find) -> Find:
    """Finds among the routes of the request's host first, then among those of any host.

    Hosts are matched like paths, label by label: ``a.example.com`` is ``/a/example/com``.
    """

    def find(request: Request, path: str) -> Methods | None:
        host = split_authority(request.host)[0].removesuffix(".")
        key = "/" + host.replace(".", "/")
        inner = hosts.static.get(key)
        values: dict[str, Any] = {}
        if inner is None and "%" not in key and (found := hosts.match(key)) is not None:
            inner, values = found
        methods = None if inner is None else inner(request, path)
        if methods is None:
            return otherwise(request, path)
        if values:
            request.params = {**values, **request.params}
        return methods

    return find


def dispatcher(matcher: Matcher[Methods], find: Find | None, on_error: OnError) -> Call:
    """What answers any request. ``find``: where hosts matter, instead of the matcher alone.

    It is no coroutine function: it hands on that of the endpoint, so that a request without middleware awaits one
    coroutine less.
    """
    static, tails, match = matcher.static.get, matcher.tails.get, matcher.match
    look = find or finder(matcher)

    async def miss(request: Request, methods: Methods | None) -> Response:
        if request.path == "*":  # OPTIONS for the server as a whole (RFC 9110, section 9.3.7)
            return Response(b"", 204)
        try:
            if methods is not None:
                raise MethodNotAllowed(allow=methods.allow)
            target = _elsewhere(request, look)
            raise NotFound() if target is None else PermanentRedirect(target)
        except (NotFound, MethodNotAllowed, PermanentRedirect) as error:
            return await on_error(request, error)

    # PERF(dispatch): the two functions differ in how they find; one for both would cost each request a call.
    def dispatch(request: Request) -> Coroutine[Any, Any, Response]:
        try:
            path = request.path
            methods = static(path)
            if methods is None:
                head, _, tail = path.rpartition("/")
                ending = tails(head)
                if ending is not None and tail and "%" not in request.target:
                    name, methods = ending
                    request.params = {name: tail}
                else:
                    found = match(path)
                    if found is None:
                        return miss(request, None)
                    methods, request.params = found
        except Exception as error:  # noqa: BLE001 -- a converter of the user's that failed
            return on_error(request, error)
        endpoint = methods.get(request.method) or methods.rest
        if endpoint is None:
            return miss(request, methods)
        request.endpoint = endpoint
        return endpoint.call(request)

    def dispatch_by_host(request: Request) -> Coroutine[Any, Any, Response]:
        try:
            methods = look(request, request.path)
        except Exception as error:  # noqa: BLE001 -- a converter that failed, or a Host that cannot be read
            return on_error(request, error)
        endpoint = None if methods is None else methods.get(request.method) or methods.rest
        if endpoint is None:
            return miss(request, methods)
        request.endpoint = endpoint
        return endpoint.call(request)

    return dispatch if find is None else dispatch_by_host


def _elsewhere(request: Request, find: Find) -> str | None:
    r"""Where to send a request whose path is only there with a slash at its end, or with one where it has several.

    Never to another origin: a browser reads ``//host`` and ``/\host`` as one. Never from a path that ends in a
    control character: no rule is meant by it.
    """
    raw = request.target.partition("?")[0]
    if not raw.startswith("/") or raw.startswith(("//", "/\\", "/%5c", "/%5C")) or request.path[-1:] < " ":
        return None
    path, raw = _slashes.sub("/", request.path), _slashes.sub("/", raw)
    merged = path != request.path
    for end in ("", "/") if merged else ("/",):
        if end and path.endswith("/"):
            continue
        params = request.params
        methods = find(request, path + end)
        request.params = params
        if methods is not None:
            query = f"?{request.query_string}" if request.query_string else ""
            return f"{request.prefix}{raw}{end}{query}" if methods.slashes == "redirect" else None
    return None

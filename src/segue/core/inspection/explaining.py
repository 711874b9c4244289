"""What answers a request, and why: the way of ``POST /films`` through a plan, without going it."""

import ast
import difflib
import inspect
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct

from segue.core.app import App
from segue.core.binding.json_body import MAX_BODY
from segue.core.binding.parameters import Parameter
from segue.core.handlers import Endpoint
from segue.core.inspection.overview import (
    ErrorHandlerInfo,
    HookInfo,
    MiddlewareInfo,
    RouteInfo,
    all_middleware,
    error_handlers_of,
    hooks_of_app,
    middleware_info,
    middleware_of,
    route_info,
)
from segue.core.routing.choice import choose, ranked
from segue.http.errors import HTTPError, HTTPException
from segue.http.request import Request
from segue.http.status import phrase

__all__ = ["Explanation", "PossibleError", "explain"]


class PossibleError(Struct, frozen=True, kw_only=True):
    """A status that a request may be answered with instead, and when."""

    status: int
    when: str


class Explanation(Struct, frozen=True, kw_only=True):
    """What an app does with a request.

    ``route`` is None where nothing answers; ``status`` and ``reason`` say what happens then, and ``near`` which routes
    come close. ``values`` are those that the path gives. ``alternatives``: the routes of the
    same path and method, in the order in which their conditions are asked. ``source`` is the function that binds the parameters.
    """

    request: str
    route: RouteInfo | None
    status: int
    reason: str
    values: dict[str, str] = {}
    alternatives: list[RouteInfo] = []
    middleware: list[MiddlewareInfo] = []
    limits: dict[str, str] = {}
    errors: list[PossibleError] = []
    hooks: list[HookInfo] = []
    error_handlers: list[ErrorHandlerInfo] = []
    near: list[str] = []
    source: str = ""


def explain(app: App, method: str, target: str, *, headers: Mapping[str, str] | None = None) -> Explanation:
    """What ``app`` does with a request; no handler and no middleware runs.

    ``target``: a path, with a query or without. ``headers``: what the request says besides; a ``host`` where routes
    are for hosts. Raises FreezeError when the app cannot be frozen.
    """
    plan = app.freeze()
    request = _request(app, method, target, {"host": "localhost", **(headers or {})})
    told = f"{request.method} {target}"
    methods = plan.find(request, request.path)
    if methods is None:
        return _nothing(app, request, told)
    endpoint = methods.get(request.method) or methods.rest
    if endpoint is None:
        allowed = ", ".join(methods.allow)
        return Explanation(
            request=told,
            route=None,
            status=405,
            reason=f"the path is there, but not for {request.method}: it answers {allowed}",
            middleware=middleware_of(app),
            near=[_told(one) for one in _unique(methods.values())],
        )
    if not endpoint.among:
        return _found(endpoint, request, told)
    alternatives = [route_info(one) for one in endpoint.among]
    try:
        chosen = _chosen(endpoint, request)
    except HTTPError as error:
        return Explanation(
            request=told,
            route=None,
            status=error.status,
            reason="the path is there, but no condition holds",
            alternatives=alternatives,
            middleware=middleware_of(app),
        )
    return msgspec.structs.replace(_found(chosen, request, told), alternatives=alternatives)


def _chosen(endpoint: Endpoint, request: Request) -> Endpoint:
    """The one of several that the conditions choose. Raises what the request would be answered with."""
    sockets = [one for one in endpoint.among if one.kind == "websocket"]
    if sockets and request.headers.get("upgrade", "").lower() == "websocket":
        return sockets[0]
    choosing = choose(ranked([one for one in endpoint.among if one not in sockets]), request)
    try:
        choosing.send(None)
    except StopIteration as done:
        chosen: Endpoint = done.value
        return chosen
    choosing.close()
    raise HTTPError(500, "a predicate has to wait for something")


def _request(app: App, method: str, target: str, headers: Mapping[str, str]) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return app.request_class(method.upper(), target, raw)


def _promised(endpoint: Endpoint) -> int:
    """The status of what it returns: ``tuple[Film, Literal[201]]`` says another one than the route."""
    args = get_args(endpoint.returns)
    if get_origin(endpoint.returns) is tuple and len(args) in (2, 3) and get_origin(args[1]) is Literal:
        statuses = get_args(args[1])
        if len(statuses) == 1 and isinstance(statuses[0], int):
            return statuses[0]
    return endpoint.options.status


def _found(endpoint: Endpoint, request: Request, told: str) -> Explanation:
    apps = endpoint.apps[::-1]
    # What no app has declared for all of its routes is of this route, or of an include statement around it.
    owners = {id(around): app.name for app in apps for around in app.declared.middleware}
    return Explanation(
        request=told,
        route=route_info(endpoint),
        status=_promised(endpoint),
        reason="",
        values={name: str(value) for name, value in request.params.items()},
        middleware=[
            middleware_info(one, owners.get(id(one), endpoint.name)) for one in all_middleware(endpoint)
        ],
        limits=_limits(endpoint),
        errors=sorted(_errors(endpoint), key=lambda one: one.status),
        hooks=[info for app in endpoint.apps for info in hooks_of_app(app)],
        error_handlers=[info for app in apps for info in error_handlers_of(app)],
        source=endpoint.source,
    )


def _limits(endpoint: Endpoint) -> dict[str, str]:
    options = endpoint.options
    found = {}
    if options.timeout is None:
        found["time"] = "no limit"
    elif options.timeout is not UNSET:
        found["time"] = f"{options.timeout:g} s to answer"
    else:
        found["time"] = "what the server allows to answer: 60 s by default"
    if options.max_body is None:
        found["body"] = "no limit"
    elif options.max_body is not UNSET:
        found["body"] = f"{options.max_body:,} bytes"
    elif any(one.origin == "body" and one.kind not in (bytes, str) for one in endpoint.parameters):
        found["body"] = f"{MAX_BODY:,} bytes" + ("" if endpoint.bodies.formats else " of JSON")
    if options.on_disconnect == "cancel":
        found["client gone"] = "the handler is cancelled"
    return found


# --- errors ----------------------------------------------------------------------------------------------------------


def _errors(endpoint: Endpoint) -> Iterator[PossibleError]:
    """What the plan answers by itself when a request is bad, then what the handler raises by name."""
    by_origin: dict[str, list[Parameter]] = {}
    for parameter in endpoint.parameters:
        by_origin.setdefault(parameter.origin, []).append(parameter)
    converted = [one.name for one in by_origin.get("path", ()) if one.kind not in (str, Any)]
    if converted:
        yield PossibleError(status=404, when=f"{_listed(converted)} of the path cannot be read")
    body, form = by_origin.get("body", ()), [*by_origin.get("form", ()), *by_origin.get("formdata", ())]
    read = any(one.kind not in (bytes, str) for one in body)
    taken = " or ".join(one.name for one in endpoint.bodies.formats) or "JSON"
    if read:
        yield PossibleError(status=400, when=f"the body is no {taken}")
    if endpoint.formats:
        yield PossibleError(status=406, when="the client accepts none of the formats")
    if body or form:
        yield PossibleError(status=413, when="the body is too large")
    if form:
        yield PossibleError(status=415, when="the body is no form")
    elif read:
        yield PossibleError(status=415, when=f"the body is said to be something else than {taken}")
    checked = [
        one.name
        for origin in ("query", "header", "cookie", "form", "body")
        for one in by_origin.get(origin, ())
        if one.kind not in (bytes, Any)
    ]
    if checked:
        yield PossibleError(status=422, when=f"{_listed(checked)} is missing or not valid")
    for status, name, line in _raised(endpoint.handler):
        yield PossibleError(status=status, when=f"the handler raises {name}, in line {line}")


def _raised(handler: Any) -> list[tuple[int, str, int]]:
    """The HTTP errors that the text of a handler raises by name: status, name, and line."""
    function = inspect.unwrap(getattr(handler, "__func__", handler))
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return []
    known = getattr(function, "__globals__", {})
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or node.exc is None:
            continue
        called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        kind = known.get(called.id) if isinstance(called, ast.Name) else None
        if not (isinstance(kind, type) and issubclass(kind, HTTPException)):
            continue
        status: Any = _status_of(kind)
        if kind is HTTPError and isinstance(node.exc, ast.Call) and node.exc.args:
            value = node.exc.args[0]
            status = value.value if isinstance(value, ast.Constant) else 0
        if isinstance(status, int) and status:
            found.append((status, kind.__name__, first + node.lineno - 1))
    return sorted(set(found))


def _status_of(kind: type[HTTPException]) -> int:
    name = "default_status" if issubclass(kind, HTTPError) else "status"
    status = getattr(kind, name, 0)
    return status if isinstance(status, int) else 0


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


# --- nothing there ---------------------------------------------------------------------------------------------------


def _nothing(app: App, request: Request, told: str) -> Explanation:
    near = list(_near(app, request))
    status, reason = 404, "no route has this path"
    other = request.path + "/"
    methods = None if request.path.endswith("/") else app.plan.find(request, other)
    if methods is not None and methods.slashes == "redirect":
        status, reason = (
            308,
            f"it is only there with a slash at its end: a redirect to {other} ({phrase(308)})",
        )
        near = [_told(one) for one in _unique(methods.values())]
    return Explanation(
        request=told, route=None, status=status, reason=reason, middleware=middleware_of(app), near=near
    )


def _near(app: App, request: Request) -> Iterator[str]:
    """Routes that the request comes close to, each with what keeps it away."""
    told: set[str] = set()
    for endpoint, why in _candidates(app, request):
        if str(endpoint) not in told:
            told.add(str(endpoint))
            yield f"{_told(endpoint)}: {why}"


def _candidates(app: App, request: Request) -> Iterator[tuple[Endpoint, str]]:
    path = request.path
    for host in sorted({one.host for one in app.plan.endpoints if one.host is not None}):
        methods = app.plan.find(_request(app, request.method, request.target, {"host": _sample(host)}), path)
        if methods is not None:
            for endpoint in _unique(methods.values()):
                if endpoint.host == host:
                    yield endpoint, f"only for the host {host}"
    slashed = path.removesuffix("/") if path.endswith("/") else path + "/"
    methods = app.plan.find(type(request)(request.method, slashed, request.raw_headers), slashed)
    if methods is not None:
        for endpoint in _unique(methods.values()):
            yield endpoint, f"{'without' if path.endswith('/') else 'with'} a slash at its end"
    by_path: dict[str, Endpoint] = {}
    for endpoint in app.plan.endpoints:
        by_path.setdefault(_comparable(endpoint.path, path), endpoint)
    for text in difflib.get_close_matches(path, by_path, 3, 0.6):
        endpoint = by_path[text]
        yield endpoint, _refused(endpoint, path) if text == path else "another path"


def _comparable(template: str, path: str) -> str:
    """The template with what the path has in the place of its parameters: so only texts are compared."""
    segments, given = template.split("/"), path.split("/")
    return "/".join(
        given[at] if "{" in segment and at < len(given) else segment for at, segment in enumerate(segments)
    )


def _refused(endpoint: Endpoint, path: str) -> str:
    fields = [segment for segment in endpoint.path.split("/") if "{" in segment]
    return f"{path} is not what {_listed(fields)} takes" if fields else "another host"


def _sample(host: str) -> str:
    """A host that a template of one takes."""
    pieces = host.replace("}", "{").split("{")
    return "".join(["a" if at % 2 else piece for at, piece in enumerate(pieces)])


def _unique(endpoints: Any) -> list[Endpoint]:
    found: list[Endpoint] = []
    for one in [each for endpoint in endpoints for each in endpoint.among or (endpoint,)]:
        if one.handler not in [other.handler for other in found] and not one.name.startswith("options of "):
            found.append(one)
    return found


def _told(endpoint: Endpoint) -> str:
    info = route_info(endpoint)
    methods = ",".join(info.methods) or "any method"
    place = info.declared if info.own else info.place
    return f"{methods} {endpoint.path} ({place})"

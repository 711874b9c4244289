"""Routes that no request reaches, and handlers that cannot answer what leads to them."""

import ast
import inspect
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType

from segue.core.binding.kinds import bare, told
from segue.core.binding.parameters import MISSING
from segue.core.handlers import Endpoint
from segue.core.inspection.checks.finding import Finding, found_at
from segue.core.inspection.checks.subjects import function_of, tree_of
from segue.core.plan import Plan
from segue.core.routing.templates import Template
from segue.server.frames import is_users

__all__ = ["route_findings"]

_NO_REPLY = (int, float, bool, complex)


def route_findings(plan: Plan) -> Iterator[Finding]:
    """What is wrong with the routes of a frozen app, one by one and with each other."""
    templates = {id(route.endpoint): route.template for routes in plan.routes.values() for route in routes}
    placed = [(one, templates[id(one)]) for one in plan.endpoints if id(one) in templates]
    for endpoint, template in placed:
        yield from _never_matches(endpoint, template)
        yield from _body_of_get(endpoint)
        yield from _no_reply(endpoint)
        yield from _lost_decorator(endpoint)
    yield from _shadowed(placed)


def _never_matches(endpoint: Endpoint, template: Template) -> Iterator[Finding]:
    """``{day:date}`` for a parameter that is an int: all requests are a 404."""
    kinds = {field.name: field.converter.kind for field in template.fields if field.converter is not None}
    for parameter in endpoint.parameters:
        given, wanted = kinds.get(parameter.name), bare(parameter.kind)
        if parameter.origin != "path" or given in (None, str) or not isinstance(wanted, type):
            continue
        if given is None or issubclass(given, wanted) or (given is int and wanted is float):
            continue
        if wanted in (int, float, bool) or wanted.__module__ in ("uuid", "datetime"):
            yield found_at(
                endpoint.place,
                "never-matches",
                f"{endpoint.path} gives {parameter.name!r} as {told(given)}, which never is the {told(wanted)} that "
                f"{endpoint.name} takes: every request is a 404",
            )


def _body_of_get(endpoint: Endpoint) -> Iterator[Finding]:
    """A body that clients do not send: caches and proxies drop it (RFC 9110, section 9.3.1)."""
    if not endpoint.methods or not {"GET", "HEAD"} >= set(endpoint.methods):
        return
    for parameter in endpoint.parameters:
        if parameter.origin in ("body", "form", "formdata") and parameter.default is MISSING:
            yield found_at(
                endpoint.place,
                "get-body",
                f"{endpoint.name} answers {' and '.join(endpoint.methods)} and needs a body for {parameter.name!r}, which "
                f"browsers, caches and proxies do not send: take POST or QUERY, or {parameter.name}: Query[...]",
            )


def _no_reply(endpoint: Endpoint) -> Iterator[Finding]:
    """``-> int``: a number is no response, so every call fails."""
    options = endpoint.options
    if endpoint.kind == "route" and endpoint.returns in _NO_REPLY and not getattr(options, "formats", None):
        yield found_at(
            endpoint.place,
            "no-reply",
            f"{endpoint.name} returns {told(endpoint.returns)}, and there is no rule that makes a response of it: return "
            f"text, a dict, or (None, status)",
        )


def _lost_decorator(endpoint: Endpoint) -> Iterator[Finding]:
    """A decorator above ``@app.get``: the route has the function without it."""
    function = function_of(endpoint.handler)
    if function is None or "<locals>" in function.__qualname__ or not is_users(endpoint.place.file):
        return
    outside = _outside(function)
    module = vars(sys.modules.get(function.__module__, object)) if function.__module__ in sys.modules else {}
    present = module.get(function.__name__, endpoint.handler)
    if outside and present is not endpoint.handler and inspect.unwrap(present) is function:
        yield found_at(
            endpoint.place,
            "lost-decorator",
            f"@{outside} stands above the route, so {endpoint.name} answers without it: put it below",
        )


def _outside(function: FunctionType) -> str:
    """The decorator that stands above the one that declares the route, if there is one."""
    tree = tree_of(function)
    decorators: Sequence[ast.expr] = [] if tree is None else tree.decorator_list
    routes = [at for at, one in enumerate(decorators) if _declares_route(function, one)]
    return ast.unparse(decorators[routes[0] - 1]) if routes and routes[0] else ""


def _declares_route(function: FunctionType, decorator: ast.expr) -> bool:
    from segue.core.declaring import Declaring

    called = decorator.func if isinstance(decorator, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return isinstance(function.__globals__.get(called.value.id), Declaring)


def _shadowed(placed: Sequence[tuple[Endpoint, Template]]) -> Iterator[Finding]:
    """``GET /x/{id:int}`` and ``POST /x/{name}``: the path decides first, so POST /x/7 is a 405."""
    for endpoint, template in placed:
        for other, narrower in placed:
            if endpoint.host != other.host or template.key == narrower.key:
                continue
            if not endpoint.methods or endpoint.kind == "mount" or not _covers(template, narrower):
                continue
            there = {
                method
                for one, its in placed
                if its.key == narrower.key and one.host == other.host
                for method in (*one.methods, *one.automatic)
            }
            if any(not one.methods for one, its in placed if its.key == narrower.key):
                continue
            missing = [method for method in endpoint.methods if method not in there]
            if missing:
                yield found_at(
                    endpoint.place,
                    "shadowed",
                    f"{missing[0]} {endpoint.path} never gets what {other.path} ({other.place}) takes: the path decides "
                    f"before the method, so that is a 405. Write both with the same converters, or add "
                    f"{missing[0]} {other.path}",
                )
                break


def _covers(wide: Template, narrow: Template) -> bool:
    """Whether ``narrow`` is ``wide`` with a converter where that has none, and otherwise the same."""
    if len(wide.segments) != len(narrow.segments):
        return False
    differs = False
    for one, other in zip(wide.segments, narrow.segments, strict=True):
        if one.key == other.key:
            continue
        if len(one.parts) != 1 or len(other.parts) != 1 or not one.fields or not other.fields:
            return False
        if one.fields[0].converter is not None or other.fields[0].spans:
            return False
        differs = True
    return differs

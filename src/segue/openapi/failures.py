"""What an operation answers when it cannot do what is asked: problem details (RFC 9457), by status.

Some follow from what it takes: a bad parameter is a 422. Others are read in the handler: ``raise NotFound(...)``.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from segue.core.handlers import Endpoint
from segue.http.errors import HTTPError, HTTPException
from segue.http.status import phrase
from segue.openapi.inputs import parameters_of
from segue.openapi.schemas import Schemas
from segue.openapi.surroundings import surroundings

__all__ = [
    "BadField",
    "InvalidRequest",
    "Problem",
    "error_responses",
    "failure_statuses",
    "own_answer",
    "raised",
]


class Problem(Struct, kw_only=True, omit_defaults=True):
    """Why a request was not answered as it was asked (RFC 9457). It may have further members."""

    type: str
    title: str
    status: int
    detail: str = ""


class BadField(Struct):
    """One field of a request that is not valid: where it stands, and what is wrong with it."""

    loc: list[str | int]
    msg: str


class InvalidRequest(Struct, kw_only=True, omit_defaults=True):
    """A problem that names every field of the request that is not valid."""

    type: str
    title: str
    status: int
    detail: str = ""
    errors: list[BadField] = []


def failure_statuses(endpoint: Endpoint, method: str) -> set[int]:
    """The statuses from 400 on that an operation is known to answer."""
    origins = {one.origin for one in parameters_of(endpoint, method)}
    made = [step.provider.make for step in endpoint.wiring.steps]
    functions = [endpoint.handler, *made, *surroundings(endpoint)]
    found = {status for function in functions for status in raised(function) if status >= 400}
    if endpoint.formats or endpoint.options.accept is not None:
        found.add(406)
    if endpoint.options.permission is not None:
        found.add(403)
    if endpoint.arguments is not None:
        found |= {400, 404}
    if "path" in origins:
        found.add(404)
    if origins & {"query", "header", "cookie", "form", "body"}:
        found.add(422)
    if origins & {"form", "formdata", "body"}:
        found |= {400, 413, 415}
    return found


def own_answer(endpoint: Endpoint, status: int) -> Callable[..., Any] | None:
    """What answers errors with ``status`` instead of a problem detail: an error handler of the app, or of one around."""
    for app in reversed(endpoint.apps):
        declared: list[tuple[Any, Callable[..., Any], Any]] = [
            *app.declared.errors,
            *app.declared.plugin_errors,
        ]
        for what, function, _ in declared:
            if what == status or (isinstance(what, type) and getattr(what, "default_status", None) == status):
                return function
        for what, function, _ in declared:
            if what in (HTTPError, HTTPException) and status >= 400:
                return function
    return None


def error_responses(statuses: set[int], schemas: Schemas) -> dict[str, Any]:
    """The components that error responses refer to, by the name that is made of their status."""
    made = {}
    for status in sorted(statuses):
        kind = InvalidRequest if status == 422 else Problem
        content = {"application/problem+json": {"schema": schemas.of(kind, "out")}}
        made[f"Error{status}"] = {"description": phrase(status) or "Error", "content": content}
    return made


def raised(function: Callable[..., Any]) -> set[int]:
    """The statuses that a function raises by name: ``raise NotFound(...)``, ``raise HTTPError(507, ...)``."""
    plain: Any = inspect.unwrap(getattr(function, "func", function))
    plain = getattr(plain, "__func__", plain)
    code = getattr(plain, "__code__", None)
    # Most raise nothing of the kind: then the source need not be read.
    if code is None or not any(_reply(plain, name) for name in code.co_names):
        return set()
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(plain)))
    except (OSError, SyntaxError, TypeError):
        return set()
    return {
        status
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        for status in _status(plain, node.exc)
    }


def _reply(function: Any, name: str) -> type[HTTPException] | None:
    """The class of replies that a name stands for in the module of a function."""
    found = function.__globals__.get(name)
    return found if isinstance(found, type) and issubclass(found, HTTPException) else None


def _status(function: Any, raised_: ast.expr | None) -> Iterator[int]:
    named, arguments = (raised_.func, raised_.args) if isinstance(raised_, ast.Call) else (raised_, [])
    kind = _reply(function, named.id) if isinstance(named, ast.Name) else None
    if kind is None:
        return
    if kind is HTTPError:
        given = [*arguments, *[one.value for one in getattr(raised_, "keywords", ()) if one.arg == "status"]]
        status = given[0].value if given and isinstance(given[0], ast.Constant) else None
    else:
        status = getattr(kind, "default_status", None)
    if isinstance(status, int):
        yield status

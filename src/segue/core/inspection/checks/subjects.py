"""The functions of an app that its author has written, and their text as a tree."""

import ast
import builtins
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from segue.core.app import App
from segue.core.plan import Plan
from segue.core.records import Declarations, Recorded, Route, SocketRoute, included
from segue.server.frames import is_users

__all__ = ["NOTHING", "Subject", "apps_of", "body_of", "resolve", "subjects_of", "tree_of"]

#: What a name is that cannot be known before the program runs.
NOTHING: Any = object()

_ASYNC = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)


class Subject(NamedTuple):
    """A function that an app calls. ``on_loop``: where it blocks, everything does."""

    function: Any  # a FunctionType; a type checker would bind it
    told: str
    on_loop: bool


def apps_of(app: Recorded) -> list[Recorded]:
    """The app and those that it includes, each once."""
    found: list[Recorded] = []
    left = [app]
    while left:
        one = left.pop(0)
        if not any(one is other for other in found):
            found.append(one)
            left += [record.app for record in included(one.declared.routes)]
    return found


def subjects_of(app: App, plan: Plan | None) -> list[Subject]:
    """The functions of an app and of those that it includes; ``plan`` is None when it could not be frozen."""
    found: dict[Any, Subject] = {}
    for called, told, always in _callables(app, plan):
        function = function_of(called)
        if function is None or not is_users(function.__code__.co_filename):
            continue
        on_loop = always or any(is_async(function) for is_async in _ASYNC)
        found.setdefault(function, Subject(function, told, on_loop))
    return list(found.values())


def _callables(app: App, plan: Plan | None) -> Iterator[tuple[Any, str, bool]]:
    """What is called, what it is, and whether it runs on the loop even if it is a ``def``."""
    if plan is not None:
        for endpoint in plan.endpoints:
            if endpoint.kind != "mount":
                yield endpoint.handler, "a handler", endpoint.options.inline
    for one in apps_of(app):
        if plan is None:
            for record in one.declared.routes:
                if isinstance(record, Route | SocketRoute):
                    yield record.handler, "a handler", bool(record.options.get("inline"))
        yield from _beside_handlers(one.declared)


def _beside_handlers(declared: Declarations) -> Iterator[tuple[Any, str, bool]]:
    for around in declared.middleware:
        if not around.is_internal:
            yield around.middleware, "a middleware", True
    for _, handler, _ in (*declared.errors, *declared.plugin_errors):
        yield handler, "an error handler", True
    for provided in declared.providers:
        yield provided.provider, "a provider", provided.inline
    for receiver in declared.life.receivers:
        yield receiver.function, "a receiver of signals", False
    for hook in declared.life.hooks:
        yield hook.function, "a hook", False
    for task in declared.life.tasks:
        yield task.function, "a task", False


def function_of(called: Any) -> FunctionType | None:
    """The function with a text behind something that is called; None where there is none."""
    while isinstance(called, functools.partial):
        called = called.func
    called = inspect.unwrap(getattr(called, "__func__", called))
    if isinstance(called, FunctionType):
        return called
    if isinstance(called, type):
        return None
    call = getattr(type(called), "__call__", None)  # noqa: B004 -- an object with a method of this name
    return call if isinstance(call, FunctionType) else None


@functools.lru_cache(maxsize=2048)
def tree_of(function: FunctionType) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The text of a function, with the line numbers of its file; None where there is no text."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    found = tree.body[0] if tree.body else None
    if not isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    return ast.increment_lineno(found, first - 1)


def body_of(tree: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """All nodes of a function that run when it does: those of functions within it do not."""
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop(0)
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            left[:0] = list(ast.iter_child_nodes(node))


def resolve(function: FunctionType, node: ast.expr) -> Any:
    """What a name or a dotted name of a function stands for; NOTHING where one cannot know.

    Only modules and classes are asked for attributes: anything else might compute them.
    """
    if isinstance(node, ast.Attribute):
        owner = resolve(function, node.value)
        if isinstance(owner, ModuleType):
            value = vars(owner).get(node.attr, NOTHING)
            # Segue's front door loads what it is asked for.
            return (
                getattr(owner, node.attr, NOTHING)
                if value is NOTHING and owner.__name__ == "segue"
                else value
            )
        return inspect.getattr_static(owner, node.attr, NOTHING) if isinstance(owner, type) else NOTHING
    if not isinstance(node, ast.Name):
        return NOTHING
    own = _imports(function)
    if node.id in own:
        return own[node.id]
    code = function.__code__
    if node.id in code.co_varnames or node.id in code.co_cellvars:
        return NOTHING
    if node.id in code.co_freevars:
        return _cell(function, node.id)
    return function.__globals__.get(node.id, getattr(builtins, node.id, NOTHING))


def _cell(function: FunctionType, name: str) -> Any:
    cells: dict[str, Any] = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=False))
    try:
        return cells[name].cell_contents
    except (KeyError, ValueError):
        return NOTHING


@functools.lru_cache(maxsize=2048)
def _imports(function: FunctionType) -> dict[str, Any]:
    """What a function imports itself, as far as it is loaded already: nothing is imported for a check."""
    import sys

    tree = tree_of(function)
    found: dict[str, Any] = {}
    for node in body_of(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or name] = sys.modules.get(name, NOTHING)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module: Callable[..., Any] | Any = sys.modules.get(node.module)
            for alias in node.names:
                found[alias.asname or alias.name] = (
                    NOTHING if module is None else getattr(module, alias.name, NOTHING)
                )
    return found

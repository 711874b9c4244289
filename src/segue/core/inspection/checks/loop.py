"""Calls that block the event loop, and coroutines that are made but not awaited."""

import ast
import inspect
import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

from segue.core.inspection.checks.finding import Finding
from segue.core.inspection.checks.subjects import NOTHING, Subject, body_of, resolve, tree_of
from segue.http.request import Request
from segue.http.websocket import WebSocket
from segue.server.frames import is_users

__all__ = ["blocking_calls", "lost_coroutines"]

_IN_THREAD = "make the handler a plain `def`, which has a thread, or call it by asyncio.to_thread"

#: What blocks, by module: the names, and what to do instead.
_BLOCKING: dict[str, tuple[tuple[str, ...], str]] = {
    "time": (("sleep",), "write `await asyncio.sleep(...)`"),
    "requests": (
        ("get", "post", "put", "patch", "delete", "head", "options", "request"),
        f"use an async client, {_IN_THREAD}",
    ),
    "httpx": (
        ("get", "post", "put", "patch", "delete", "head", "options", "request", "stream"),
        "use its AsyncClient",
    ),
    "urllib.request": (("urlopen", "urlretrieve"), f"use an async client, {_IN_THREAD}"),
    "subprocess": (
        ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
        "write `await asyncio.create_subprocess_exec(...)`",
    ),
    "os": (("system", "popen", "wait", "waitpid"), "write `await asyncio.create_subprocess_shell(...)`"),
    "builtins": (("input",), "nobody can answer it in a server"),
    "sqlite3": (("connect",), _IN_THREAD),
    "psycopg2": (("connect",), "use an async driver, or " + _IN_THREAD),
    "psycopg": (("connect",), "use its AsyncConnection"),
    "pymysql": (("connect",), "use an async driver, or " + _IN_THREAD),
    "MySQLdb": (("connect",), "use an async driver, or " + _IN_THREAD),
    "smtplib": (("SMTP", "SMTP_SSL"), "use an async client, or " + _IN_THREAD),
    "ftplib": (("FTP", "FTP_TLS"), _IN_THREAD),
    "socket": (
        ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyaddr"),
        "ask the loop: `await asyncio.open_connection(...)`, `await loop.getaddrinfo(...)`",
    ),
    "asyncio": (("run",), "the loop runs already: await it"),
    "segue": (("wait",), "it waits for the loop that it would stop: await it"),
}
_DEPTH = 3


def blocking_calls(subjects: list[Subject]) -> Iterator[Finding]:
    """Calls of what is known to block, in what runs on the loop and in the user's functions that it calls."""
    known = _known()
    seen: set[FunctionType] = set()
    for subject in subjects:
        if subject.on_loop:
            yield from _blocking(subject.function, subject, known, seen, 0)


def _blocking(
    function: FunctionType,
    subject: Subject,
    known: dict[int, tuple[str, str]],
    seen: set[FunctionType],
    depth: int,
) -> Iterator[Finding]:
    tree = tree_of(function)
    if tree is None or function in seen:
        return
    seen.add(function)
    awaited = {id(node.value) for node in body_of(tree) if isinstance(node, ast.Await)}
    for node in body_of(tree):
        if not isinstance(node, ast.Call) or id(node) in awaited:
            continue
        called = resolve(function, node.func)
        name, instead = known.get(id(called), ("", ""))
        if name:
            through = (
                "" if function is subject.function else f", which {subject.function.__qualname__} calls,"
            )
            yield Finding(
                function.__code__.co_filename,
                node.lineno,
                "blocking",
                f"{name}() in {function.__qualname__}{through} stops the event loop for everybody while {subject.told} "
                f"waits for it: {instead}",
            )
        elif depth < _DEPTH and _runs_here(called):
            yield from _blocking(called, subject, known, seen, depth + 1)


def _runs_here(called: Any) -> bool:
    """Whether a call runs the text of a function of the user's at once."""
    return (
        isinstance(called, FunctionType)
        and is_users(called.__code__.co_filename)
        and not inspect.isgeneratorfunction(called)
    )


def _known() -> dict[int, tuple[str, str]]:
    """What blocks, of the modules that are loaded: by identity, so that an alias is no way around it."""
    found: dict[int, tuple[str, str]] = {}
    for module_name, (names, instead) in _BLOCKING.items():
        module = sys.modules.get(module_name)
        for name in names if isinstance(module, ModuleType) else ():
            value = getattr(module, name, NOTHING)
            if value is not NOTHING:
                shown = name if module_name == "builtins" else f"{module_name}.{name}"
                found[id(value)] = (shown, instead)
    return found


def lost_coroutines(subjects: list[Subject]) -> Iterator[Finding]:
    """Statements that call an ``async def`` and drop what it gives: it never runs."""
    for subject in subjects:
        tree = tree_of(subject.function)
        for node in body_of(tree) if tree is not None else ():
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                name = _coroutine(subject, tree, node.value.func)
                if name:
                    yield Finding(
                        subject.function.__code__.co_filename,
                        node.lineno,
                        "not-awaited",
                        f"{name}() makes a coroutine that nobody awaits, so it never runs: write `await {name}(...)`",
                    )


def _coroutine(subject: Subject, tree: Any, called: ast.expr) -> str:
    """The name of what is called, if it is a coroutine function."""
    if inspect.iscoroutinefunction(resolve(subject.function, called)):
        return ast.unparse(called)
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return ""
    kind = _kind(subject.function, tree, called.value.id)
    method = inspect.getattr_static(kind, called.attr, None) if kind is not None else None
    return ast.unparse(called) if inspect.iscoroutinefunction(method) else ""


def _kind(function: FunctionType, tree: Any, name: str) -> type | None:
    """The class of a parameter that is a request or a socket; None for others, and where it is another one later."""
    arguments = [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]
    argument = next((one for one in arguments if one.arg == name), None)
    if argument is None or any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    ):
        return None
    annotation = argument.annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    kind = NOTHING if annotation is None else resolve(function, annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Request | WebSocket) else None

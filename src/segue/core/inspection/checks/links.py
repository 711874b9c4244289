"""``url_for`` with a name that no route has: in the user's Python, and in templates."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding
from segue.core.inspection.checks.subjects import body_of, function_of, tree_of
from segue.core.plan import NamedRoute, Plan, UnknownRoute
from segue.server.frames import is_users

__all__ = ["dead_links"]

_CALL = re.compile(r"""\burl_for\(\s*(["'])(?P<name>[^"'\n]+)\1\s*(?P<next>[,)])""")
_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
_TEMPLATES = frozenset({".html", ".htm", ".jinja", ".jinja2", ".j2", ".xml", ".txt", ".svg", ".mako", ".pt"})
_OWN = frozenset({"_anchor", "_prefix", "_host", "_scheme", "_external"})


def dead_links(app: App, plan: Plan, modules: list[ModuleType]) -> Iterator[Finding]:
    """Links by name that would fail when they are written."""
    yield from _of_handlers(plan)
    for module in modules:
        yield from _of_module(app, plan, module)
    names = [endpoint.name for endpoint in plan.endpoints]
    for folder in plan.templates:
        for file in sorted(Path(folder).rglob("*")):
            # Segue's own pages lead to what their plugins declare, and are shown only where these are listed.
            if file.suffix in _TEMPLATES and file.is_file() and is_users(str(file)):
                yield from _of_template(plan, file, names)


def _of_handlers(plan: Plan) -> Iterator[Finding]:
    """``request.url_for`` in handlers: a name is looked for in the app of the handler first."""
    names: dict[FunctionType, list[str]] = {}
    for endpoint in plan.endpoints:
        function = function_of(endpoint.handler)
        if function is not None and is_users(function.__code__.co_filename):
            names.setdefault(function, []).append(endpoint.name)
    for function, within in names.items():
        tree = tree_of(function)
        for node in body_of(tree) if tree is not None else ():
            link = _link(node)
            if link is not None and link.owner == "request":
                yield from _found(plan, link, function.__code__.co_filename, within)


def _of_module(app: App, plan: Plan, module: ModuleType) -> Iterator[Finding]:
    """``app.url_for`` where ``app`` is this app: a variable of the module that is set once and not hidden."""
    file = str(module.__file__)
    own = {name for name, value in vars(module).items() if value is app}
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return
    stored = Counter(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    for link in _links(tree, {name for name in own if stored[name] <= 1}):
        yield from _found(plan, link, file, [""])


def _links(node: ast.AST, owners: set[str]) -> Iterator["_Link"]:
    """The links of ``owners`` in a text; a parameter of the same name hides one."""
    link = _link(node)
    if link is not None and link.owner in owners:
        yield link
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        owners = owners - {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
    for inner in ast.iter_child_nodes(node):
        yield from _links(inner, owners)


class _Link(NamedTuple):
    """``owner.url_for("name", ...)``. ``given``: the names of its values; None where one cannot know."""

    owner: str
    name: str
    given: set[str] | None
    line: int


def _link(node: ast.AST) -> _Link | None:
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "url_for"
        and isinstance(node.func.value, ast.Name)
        and node.args
    ):
        return None
    name = node.args[0]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        return None
    unknown = any(one.arg is None for one in node.keywords)
    given = None if unknown else {str(one.arg) for one in node.keywords}
    return _Link(node.func.value.id, name.value, given, node.lineno)


def _found(plan: Plan, link: _Link, file: str, within: list[str]) -> Iterator[Finding]:
    wrong = _wrong(plan, link.name, link.given, within)
    if wrong:
        yield Finding(file, link.line, "dead-link", wrong)


def _of_template(plan: Plan, file: Path, within: list[str]) -> Iterator[Finding]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    for call in _CALL.finditer(text):
        line = text.count("\n", 0, call.start()) + 1
        link = _Link("", call["name"], set() if call["next"] == ")" else None, line)
        yield from _found(plan, link, str(file), ["", *within])


def _wrong(plan: Plan, name: str, given: set[str] | None, within: list[str]) -> str:
    """Why a link cannot be written; empty where it can be from one of the places that it may be ``within``."""
    told = ""
    for place in within:
        try:
            routes = plan.named(plan.nearest(name, place))
        except UnknownRoute as error:
            told = told or str(error)
            continue
        # What functions make of the values, or give besides, nobody knows before.
        made = any(one.endpoint.options.url_from is not None or one.defaults for one in routes)
        if given is None or made or any(_needs(one) <= given - _OWN for one in routes):
            return ""
        missing = ", ".join(sorted(_needs(routes[0]) - given))
        told = f"url_for({name!r}) needs a value for {missing}: {routes[0].endpoint.path}"
    return told


def _needs(route: NamedRoute) -> set[Any]:
    return {*route.template.names, *(() if route.host is None else route.host.names)}

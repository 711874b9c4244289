"""``url_for`` with a name that no route has: in the user's Python, and in templates."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from segue.core.app import App
from segue.core.checks.finding import Finding
from segue.core.plan import NamedRoute, Plan, UnknownRoute

__all__ = ["dead_links"]

_CALL = re.compile(r"""\burl_for\(\s*(["'])(?P<name>[^"'\n]+)\1\s*(?P<next>[,)])""")
_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->", re.DOTALL)
_TEMPLATES = frozenset({".html", ".htm", ".jinja", ".jinja2", ".j2", ".xml", ".txt", ".svg"})
_OWN = frozenset({"_anchor", "_prefix", "_host", "_scheme", "_external"})


def dead_links(app: App, plan: Plan, modules: list[ModuleType]) -> Iterator[Finding]:
    """Links by name that would fail when they are written."""
    for module in modules:
        yield from _of_module(app, plan, module)
    for folder in plan.templates:
        for file in sorted(Path(folder).rglob("*")):
            if file.suffix in _TEMPLATES and file.is_file():
                yield from _of_template(plan, file)


def _of_module(app: App, plan: Plan, module: ModuleType) -> Iterator[Finding]:
    file = str(module.__file__)
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "url_for"
            and isinstance(node.func.value, ast.Name)
            and node.args
        ):
            continue
        name = node.args[0]
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            continue
        if not _asks(app, module, node.func.value.id):
            continue
        given = (
            None if any(one.arg is None for one in node.keywords) else {str(one.arg) for one in node.keywords}
        )
        wrong = _wrong(plan, name.value, given)
        if wrong:
            yield Finding(file, node.lineno, "dead-link", wrong)


def _asks(app: App, module: ModuleType, name: str) -> bool:
    """Whether ``name.url_for`` asks this app: it is the app itself, or a request, which is one of its own."""
    return name == "request" or vars(module).get(name) is app


def _of_template(plan: Plan, file: Path) -> Iterator[Finding]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), text)
    for call in _CALL.finditer(text):
        wrong = _wrong(plan, call["name"], set() if call["next"] == ")" else None)
        if wrong:
            yield Finding(str(file), text.count("\n", 0, call.start()) + 1, "dead-link", wrong)


def _wrong(plan: Plan, name: str, given: set[str] | None) -> str:
    """Why a link cannot be written. ``given`` are the names of its values; None where one cannot know."""
    try:
        routes = plan.named(name)
    except UnknownRoute as error:
        return str(error)
    if given is None or any(_needs(one) <= given - _OWN for one in routes):
        return ""
    missing = ", ".join(sorted(_needs(routes[0]) - given))
    return f"url_for({name!r}) needs a value for {missing}: {routes[0].endpoint.path}"


def _needs(route: NamedRoute) -> set[Any]:
    return {*route.template.names, *(() if route.host is None else route.host.names)}

"""What ``segue check`` finds in templates, and about them in Python."""

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding
from segue.core.inspection.checks.subjects import body_of, function_of, resolve, tree_of
from segue.html.errors import TemplateError
from segue.html.library import SHELF, Library, library_of
from segue.html.page import render
from segue.http.request import Request
from segue.server.frames import is_users

__all__ = ["check_templates"]

_TAG = re.compile(
    r"<(?P<name>[a-zA-Z][\w-]*)(?P<rest>(?:\{\{.*?\}\}|\{%.*?%\}|\"[^\"]*\"|'[^']*'|[^>\"'])*)>", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""(?P<name>[\w:@-]+)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)""", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}|<!--.*?-->|<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
_HTMX = {f"hx-{method}": method.upper() for method in ("get", "post", "put", "patch", "delete")}


def check_templates(app: App) -> Iterator[Finding]:
    """Templates that are wrong; names of templates that are not there; links, forms and targets that lead nowhere."""
    plan = app.plan
    chains = dict.fromkeys([(app,), *[endpoint.apps for endpoint in plan.endpoints]])
    seen: set[str] = set()
    for apps in chains:
        if any(SHELF in one for one in apps):
            library = library_of(apps)
            yield from _of_library(app, library, seen)
    for endpoint in plan.endpoints:
        if any(SHELF in one for one in endpoint.apps):
            yield from _of_handler(endpoint)


def _of_library(app: App, library: Library, seen: set[str]) -> Iterator[Finding]:
    sources: dict[str, str] = {}
    for name in library.search.names():
        if name.rpartition(".")[2] in library.suffixes:
            found = library.search.find(name)
            sources[name] = found.text
            if found.file not in seen:
                seen.add(found.file)
                engine, path, _ = library.split(name)
                for line, wrong in library.opened(engine).inquire(path):
                    yield Finding(found.file, line, "template", wrong)
                # Segue's own pages lead to what their plugins declare, and are shown only where these are listed.
                if is_users(found.file):
                    yield from _of_links(app, found.file, found.text)
    yield from _of_targets(library, sources)


def _of_handler(endpoint: Any) -> Iterator[Finding]:
    """``render("films.html")`` in handlers."""
    function = function_of(endpoint.handler)
    tree = None if function is None else tree_of(function)
    if function is None or tree is None:
        return
    for node in body_of(tree):
        if not isinstance(node, ast.Call) or not node.args or resolve(function, node.func) is not render:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            try:
                library_of(endpoint.apps).prepared(name.value)
            except TemplateError as error:
                yield Finding(
                    function.__code__.co_filename,
                    node.lineno,
                    "template",
                    str(error).partition(" It was looked")[0],
                )


class _Element(NamedTuple):
    name: str
    attributes: dict[str, str]
    line: int


def _elements(text: str) -> Iterator[_Element]:
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
    for tag in _TAG.finditer(text):
        found = {one["name"].lower(): one["value"] for one in _ATTRIBUTE.finditer(tag["rest"])}
        yield _Element(tag["name"].lower(), found, text.count("\n", 0, tag.start()) + 1)


def _of_links(app: App, file: str, text: str) -> Iterator[Finding]:
    """Paths that are written out, of links, forms and htmx, that nothing answers."""
    for element in _elements(text):
        for attribute, path in element.attributes.items():
            method = _HTMX.get(attribute)
            if attribute == "href" and element.name == "a":
                method = "GET"
            elif attribute == "action" and element.name == "form":
                method = element.attributes.get("method", "GET").upper()
            is_own = path.startswith("/") and not path.startswith("//") and "{" not in path
            if method in (None, "DIALOG") or not is_own or "{" in str(method):
                continue
            wrong = _unanswered(app, str(method), path)
            if wrong:
                yield Finding(file, element.line, "dead-link", f'{attribute}="{path}": {wrong}')


def _unanswered(app: App, method: str, path: str) -> str:
    target = path.partition("#")[0]
    methods = app.plan.find(Request(method, target, []), target.partition("?")[0])
    if methods is None:
        return "there is no route for this path"
    if methods.get(method) is None and methods.rest is None:
        return f"there is no route for {method} on this path; there is: {', '.join(sorted(methods))}"
    return ""


def _of_targets(library: Library, sources: dict[str, str]) -> Iterator[Finding]:
    """Elements that htmx is to change, and that no page has."""
    elements = [(name, one) for name, text in sources.items() for one in _elements(text)]
    ids = {one.attributes["id"] for _, one in elements if "id" in one.attributes}
    if any("{" in one for one in ids):  # some are known only when a page is rendered
        return
    for name, one in elements:
        target = one.attributes.get("hx-target", "")
        if re.fullmatch(r"#[\w-]+", target) and target[1:] not in ids:
            yield Finding(
                library.search.find(name).file,
                one.line,
                "dead-target",
                f"no template has an element with the id {target[1:]!r}",
            )

"""What is wrong in a template, found without rendering it: for ``segue check``."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jinja2 import nodes

from segue.html.errors import BrokenTemplate
from segue.html.jinja.components import Use, misused

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["faults"]


def faults(environment: "PageEnvironment", name: str) -> Iterator[tuple[int, str]]:
    """Syntax that is wrong, filters and tests that are unknown, templates that are not there, each with its line."""
    try:
        tree = environment.tree_of(name)
    except BrokenTemplate as error:
        yield error.line, error.wrong
        return
    for one in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        if isinstance(one, nodes.Include) and one.ignore_missing:
            continue
        for asked in _names(one):
            if not environment.search.has(asked):
                near = environment.search.nearest(asked)
                hint = f"; did you mean {near!r}?" if near else ""
                yield one.lineno, f"there is no template {asked!r}{hint}"
    for use in environment.uses.get(name, ()):
        yield from _of_component(environment, use)
    for used in tree.find_all((nodes.Filter, nodes.Test)):
        known = environment.filters if isinstance(used, nodes.Filter) else environment.tests
        if used.name not in known:
            kind = "filter" if isinstance(used, nodes.Filter) else "test"
            yield used.lineno, f"there is no {kind} {used.name!r}"


def _of_component(environment: "PageEnvironment", use: Use) -> Iterator[tuple[int, str]]:
    if not environment.search.has(use.component):
        near = environment.search.nearest(use.component)
        yield (
            use.line,
            f"there is no component {use.component!r}" + (f"; did you mean {near!r}?" if near else ""),
        )
        return
    wrong = misused(use.component, environment.props_of(use.component), use.given)
    if wrong:
        yield use.line, wrong


def _names(one: nodes.Node) -> Iterator[str]:
    template = getattr(one, "template", None)
    if isinstance(template, nodes.Const) and isinstance(template.value, str):
        yield template.value

"""Escapes each value of a template for the place where it stands: decided when the template is compiled.

Autoescape makes text of a value. That is enough between tags, and not in ``href="{{ url }}"``, in a style or in a
script. What an author has to say better is an error of the template, with its line.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes
from markupsafe import Markup, escape

from segue.html.attribute import (
    BadAttribute,
    UnsafeURL,
    attribute_name,
    css,
    quoted,
    safe_url,
    url_attributes,
)
from segue.html.jinja.public import shown
from segue.html.jinja.translating import Translated, translated
from segue.html.markup import TEXT, Spot, after

__all__ = ["FILTERS", "Misplaced", "escape_in_place"]


class Misplaced(Exception):
    """A value that no escaping makes safe where it stands."""

    def __init__(self, wrong: str, line: int) -> None:
        super().__init__(wrong)
        self.line = line


def escape_in_place(
    tree: nodes.Template, begins: Spot = TEXT, spots: Mapping[str, Spot] | None = None
) -> dict[str, Spot]:
    """Puts filters around the values of a template where autoescape is not enough; returns where its blocks begin.

    ``begins``: where the template itself does. ``spots``: where the blocks of the template begin that this one extends. Raises Misplaced.
    """
    placing = _Placing(spots or {})
    placing.walk(tree.body, begins)
    return {**(spots or {}), **placing.blocks}


class _Placing:
    """Goes through a template in the order in which it is written."""

    def __init__(self, spots: Mapping[str, Spot]) -> None:
        self.spots = spots
        self.blocks: dict[str, Spot] = {}

    def walk(self, body: Iterable[nodes.Node], spot: Spot) -> Spot:
        for node in body:
            spot = self._one(node, spot)
        return spot

    def _one(self, node: nodes.Node, spot: Spot) -> Spot:
        match node:
            case nodes.Output():
                return self._output(node, spot)
            case nodes.If():
                ways = [self.walk(node.body, spot), *[self._one(one, spot) for one in node.elif_]]
                return max([*ways, self.walk(node.else_, spot)], key=lambda one: one.danger)
            case nodes.For():
                ways = [self.walk(node.body, spot), self.walk(node.else_, spot) if node.else_ else spot]
                return max(ways, key=lambda one: one.danger)
            case nodes.Block():
                begins = self.spots.get(node.name, spot)
                self.blocks[node.name] = begins
                self.walk(node.body, begins)
                return spot
            case nodes.Macro() | nodes.CallBlock() | nodes.AssignBlock():
                self.walk(node.body, TEXT)
                return spot
            case nodes.Include():
                _check_include(node, spot)
                return spot
            case nodes.ScopedEvalContextModifier():
                return spot  # {% autoescape false %}: the author has said so
            case nodes.With() | nodes.Scope() | nodes.FilterBlock() | nodes.EvalContextModifier():
                return self.walk(getattr(node, "body", ()), spot)
            case _:
                return spot

    def _output(self, node: nodes.Output, spot: Spot) -> Spot:
        for at, child in enumerate(node.nodes):
            if isinstance(child, nodes.TemplateData):
                spot = after(spot, child.data)
            elif (text := translated(child)) is not None:
                spot = _translation(text, spot)
            else:
                node.nodes[at] = _placed(child, spot)
                spot = _behind_value(spot)
        return spot


def _behind_value(spot: Spot) -> Spot:
    if spot.kind in ("quoted", "unquoted"):
        return spot._replace(begun=True, line=spot.line + "0")
    return spot._replace(line=spot.line + "0") if spot.kind == "raw" else spot


def _translation(text: Translated, spot: Spot) -> Spot:
    """Escapes the values of a text where they stand in it. Translations say the same, so their values stand alike."""
    if spot.kind == "raw" and spot.element in ("script", "style"):
        raise Misplaced(
            'a text in a script is written as JSON, with its quotes: {{ _("...")|tojson }}', text.line
        )
    if spot.kind == "unquoted":
        raise Misplaced(
            f'the text of {spot.attribute}= needs quotes around it: {spot.attribute}="..."', text.line
        )
    text.quoted.value = spot.kind == "quoted"
    for is_name, piece in text.pieces:
        if is_name:
            pair = text.values[piece]
            pair.value = _placed(pair.value, spot)
            spot = _behind_value(spot)
        else:
            spot = after(spot, piece)
    return spot


_INCLUDED = {"script": (".js", ".mjs"), "style": (".css",)}


def _check_include(node: nodes.Include, spot: Spot) -> None:
    """Refuses a part of a page in a script or a style: its values are escaped for a page."""
    suffixes = _INCLUDED.get(spot.element) if spot.kind == "raw" else None
    template = node.template
    if suffixes is None or not isinstance(template, nodes.Const):
        return
    if not str(template.value).endswith(suffixes):
        raise Misplaced(
            f"what is included in a {spot.element} is one itself, {' or '.join(suffixes)}: its values are escaped for that",
            node.lineno,
        )


def _placed(value: nodes.Expr, spot: Spot) -> nodes.Expr:
    """The value with the filter that it needs at ``spot``."""
    if spot.kind in ("text", "comment") or _is_content(value):
        return value
    if spot.kind == "unquoted":
        raise Misplaced(
            f'the value of {spot.attribute}= needs quotes around it: {spot.attribute}="{{{{ ... }}}}". '
            f"Without them a space would end it",
            value.lineno,
        )
    if spot.kind in ("tag", "name"):
        return _filtered(value, "segue_in_tag")
    if spot.kind == "raw":
        if spot.element == "script":
            return _in_script(value, spot)
        return (
            _filtered(value, "segue_css") if spot.element == "style" and not _is_said_safe(value) else value
        )
    return _quoted(value, spot)


def _quoted(value: nodes.Expr, spot: Spot) -> nodes.Expr:
    name = spot.attribute
    if name.startswith(("on", "hx-on", "@", "x-on")):
        if not _is_json(value):
            raise Misplaced(
                f"a value in {name}= is code. Put it into data-..., and listen in a script; or write it as JSON: "
                f"{{{{ value|tojson }}}}",
                value.lineno,
            )
        _refuse_in_string(value, spot)
        return _filtered(value, "segue_quoted")
    if name == "style":
        return value if _is_said_safe(value) else _filtered(value, "segue_css")
    if name == "srcdoc" and not _is_said_safe(value):
        return _filtered(value, "segue_twice")
    if name in url_attributes and not spot.begun and not _is_own_link(value):
        return _filtered(value, "segue_url")
    return value if isinstance(value, nodes.Const) else _filtered(value, "segue_quoted")


def _in_script(value: nodes.Expr, spot: Spot) -> nodes.Expr:
    if _is_said_safe(value):
        return value
    if not _is_json(value):
        raise Misplaced(
            "a value in a script is code. Write it as JSON: {{ value|tojson }}; or put it before the script, "
            '{{ value|json_script("id") }}, and read it from there',
            value.lineno,
        )
    if spot.runs:
        _refuse_in_string(value, spot)
    return value


def _refuse_in_string(value: nodes.Expr, spot: Spot) -> None:
    """JSON of a text has quotes of its own: between others it would end them."""
    inside = ""
    escaped = False
    for char in spot.line:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif inside:
            inside = "" if char == inside else inside
        elif char in "\"'`":
            inside = char
    if inside:
        raise Misplaced(f"tojson writes the quotes itself: take away the {inside} around it", value.lineno)


def _is_content(value: nodes.Expr) -> bool:
    """Whether it is a part of the page, and not a value: super(), caller(), self.title(), a slot."""
    if isinstance(value, nodes.Call):
        target = value.node
        if isinstance(target, nodes.Getattr):
            target = target.node
            return isinstance(target, nodes.Name) and target.name == "self"
        return isinstance(target, nodes.Name) and target.name in ("super", "caller")
    return False


def _is_json(value: nodes.Expr) -> bool:
    while isinstance(value, nodes.Filter):
        if value.name in ("tojson", "json_script"):
            return True
        if value.name not in ("safe", "indent") or value.node is None:
            return False
        value = value.node
    return isinstance(value, nodes.Const) and not isinstance(value.value, str)


def _is_said_safe(value: nodes.Expr) -> bool:
    return isinstance(value, nodes.Filter) and value.name == "safe"


def _is_own_link(value: nodes.Expr) -> bool:
    return (
        isinstance(value, nodes.Call)
        and isinstance(value.node, nodes.Name)
        and value.node.name in ("url_for", "static_url")
    )


def _filtered(value: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno)


# --- what happens when a page is rendered ------------------------------------------------------------------------


_PLAIN = frozenset({str, int, float})


def _quoted_value(value: Any) -> Markup:
    # PERF: most values in attributes are these: 0.1 us instead of 0.6.
    if type(value) in _PLAIN:
        return escape(value)
    return Markup(quoted(shown(value)))  # noqa: S704 -- it was escaped for that place


def _url_value(value: Any) -> Markup:
    """A URL; one that would run code becomes one that leads nowhere, so that the page is still shown."""
    try:
        return Markup(quoted(safe_url(value, "src")))  # noqa: S704 -- as above
    except UnsafeURL:
        return Markup("about:invalid#unsafe-url")


def _css_value(value: Any) -> Markup:
    return Markup(quoted(css(shown(value))))  # noqa: S704 -- as above


def _twice(value: Any) -> Markup:
    return Markup(quoted(quoted(shown(value))))  # noqa: S704 -- as above


def _in_tag(value: Any) -> str:
    """What stands between attributes: those that ``attributes`` made, or a name."""
    if hasattr(value, "__html__"):
        return str(value.__html__())
    for name in str(value).split():
        try:
            attribute_name(name)
        except BadAttribute as error:
            raise BadAttribute(
                f"{error}. In a tag, write whole attributes in quotes, or {{{{ attributes(...) }}}}"
            ) from None
    return str(value)


#: All of them give text that is escaped.
FILTERS: dict[str, Callable[[Any], str]] = {
    "segue_quoted": _quoted_value,
    "segue_url": _url_value,
    "segue_css": _css_value,
    "segue_twice": _twice,
    "segue_in_tag": _in_tag,
}

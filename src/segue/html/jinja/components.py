"""Components: templates with typed props and slots, used like a tag.

    {# card.html #}
    {% props title: str, kind: "plain" | "wide" = "plain" %}
    <article class="{{ kind }}"><h2>{{ title }}</h2>{% slot %}nothing{% endslot %}<footer>{% slot footer %}{% endslot %}</footer></article>

    {% component "card.html" title=film.title, kind="wide" %}
      <p>{{ film.plot }}</p>
      {% fill footer %}<a href="/films">All films</a>{% endfill %}
    {% endcomponent %}

A component sees its props, its slots, the names of the app and nothing of the page around it.
"""

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.utils import missing
from markupsafe import Markup

from segue.html.errors import TemplateError
from segue.html.jinja.proptypes import PropType, prop_type

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["Components", "Prop", "Use", "misused"]

SLOTS = "segue_slots"


class Prop(NamedTuple):
    """What a component takes: ``title: str``, ``wide: bool = false``."""

    name: str
    type: PropType | None
    default: Any = missing


class Use(NamedTuple):
    """A use of a component, as far as it stands in the template."""

    line: int
    component: str
    given: frozenset[str]


def misused(component: str, props: Mapping[str, Prop], given: frozenset[str]) -> str:
    """What is wrong with the names of the props that a component is given; empty for nothing."""
    has = ", ".join(props) or "none"
    for name in sorted(given - props.keys()):
        return f"the component {component!r} has no prop {name!r}; it has: {has}"
    for prop in props.values():
        if prop.default is missing and prop.name not in given:
            return f"the component {component!r} needs the prop {prop.name!r}; it has: {has}"
    return ""


class Components(Extension):
    """The tags ``component``, ``fill``, ``props`` and ``slot``."""

    tags = {"component", "fill", "props", "slot"}  # noqa: RUF012 -- as Jinja2 declares it
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """The nodes of one of the tags."""
        token = next(parser.stream)
        match token.value:
            case "component":
                return self._component(parser, token.lineno)
            case "fill":
                return self._fill(parser, token.lineno)
            case "slot":
                return self._slot(parser, token.lineno)
            case _:
                self._props(parser)
                return []

    def _component(self, parser: Parser, line: int) -> list[nodes.Node]:
        template = parser.parse_expression()
        given: dict[str, nodes.Expr] = {}
        while parser.stream.current.type != "block_end":
            parser.stream.skip_if("comma")
            name = parser.stream.expect("name").value
            parser.stream.expect("assign")
            given[name] = parser.parse_expression()
        fills: list[tuple[str, list[nodes.Node]]] = []
        stack = _stack(parser)
        stack.append(fills)
        try:
            body = parser.parse_statements(("name:endcomponent",), drop_needle=True)
        finally:
            stack.pop()
        if not all(_is_blank(node) for node in body):
            fills.insert(0, ("", body))
        made: list[nodes.Node] = []
        slots: list[nodes.Pair] = []
        for name, content in fills:
            variable = parser.free_identifier(lineno=line)
            made.append(nodes.AssignBlock(variable, None, content, lineno=line))
            slots.append(nodes.Pair(nodes.Const(name), variable))
        if isinstance(template, nodes.Const) and parser.name is not None:
            use = Use(line, str(template.value), frozenset(given))
            self.environment.uses.setdefault(parser.name, []).append(use)
        props = nodes.Dict([nodes.Pair(nodes.Const(name), value) for name, value in given.items()])
        call = self.call_method(
            "render", [nodes.ContextReference(), template, props, nodes.Dict(slots)], lineno=line
        )
        made.append(nodes.Output([nodes.MarkSafe(call)], lineno=line))
        return made

    def _fill(self, parser: Parser, line: int) -> list[nodes.Node]:
        name = parser.stream.expect("name").value
        body = parser.parse_statements(("name:endfill",), drop_needle=True)
        stack = _stack(parser)
        if not stack:
            parser.fail("{% fill %} stands in a {% component %}", line)
        stack[-1].append((name, body))
        return []

    def _slot(self, parser: Parser, line: int) -> nodes.Node:
        current = parser.stream.current
        name = next(parser.stream).value if current.type == "name" else ""
        default = parser.parse_statements(("name:endslot",), drop_needle=True)
        slots = nodes.Name(SLOTS, "load", lineno=line)
        given = nodes.Getitem(slots, nodes.Const(name), "load", lineno=line)
        test = nodes.Compare(nodes.Const(name), [nodes.Operand("in", slots)], lineno=line)
        shown = nodes.Output([nodes.MarkSafe(given)], lineno=line)
        return nodes.If(test, [shown], [], default, lineno=line)

    def _props(self, parser: Parser) -> None:
        props: dict[str, Prop] = {}
        stream = parser.stream
        while stream.current.type != "block_end":
            name = stream.expect("name").value
            kind = prop_type(parser, self.environment.globals) if stream.skip_if("colon") else None
            default: Any = missing
            if stream.skip_if("assign"):
                default = parser.parse_expression().as_const(nodes.EvalContext(self.environment, parser.name))
            props[name] = Prop(name, kind, default)
            if not stream.skip_if("comma"):
                break
        if parser.name is not None:
            self.environment.props[parser.name] = props

    # --- when a page is rendered ---------------------------------------------------------------------------------

    def render(self, context: Context, name: str, given: dict[str, Any], slots: dict[str, Any]) -> Any:
        """The component with its props and slots. Raises TemplateError for props that it does not take."""
        environment = self.environment
        template = environment.get_template(name)
        values: dict[str, Any] = {SLOTS: slots, "request": context.parent.get("request")}
        for shared in environment.carried:
            if shared in context.parent:
                values[shared] = context.parent[shared]
        props = environment.props_of(name)
        wrong = misused(name, props, frozenset(given))
        if wrong:
            raise TemplateError(wrong)
        for prop in props.values():
            # A list that is the default of one use is not that of the next.
            value = given[prop.name] if prop.name in given else copy.copy(prop.default)
            if prop.type is not None and prop.name in given and not prop.type.fits(value):
                raise TemplateError(
                    f"the component {name!r} takes {prop.name}: {prop.type}, and was given {value!r:.80}"
                )
            values[prop.name] = value
        inner = environment.context_class(environment, values, template.name, template.blocks)
        inner.globals_keys = {"request"}
        if environment.is_async:
            return _awaited(template.root_render_func(inner))
        return Markup("".join(template.root_render_func(inner)))  # noqa: S704 -- what a template gives is HTML


async def _awaited(pieces: Any) -> Markup:
    return Markup("".join([piece async for piece in pieces]))  # noqa: S704 -- as above


def _stack(parser: Parser) -> list[list[tuple[str, list[nodes.Node]]]]:
    """The components that are open where the parser is."""
    stack: list[list[tuple[str, list[nodes.Node]]]] = parser.__dict__.setdefault("segue_components", [])
    return stack


def _is_blank(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Output) and all(
        isinstance(one, nodes.TemplateData) and not one.data.strip() for one in node.nodes
    )

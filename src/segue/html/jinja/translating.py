"""Texts of a template that are translated: ``{% trans name=user.name %}Good morning, {{ name }}!{% endtrans %}``."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import TemplateSyntaxError, nodes
from jinja2.ext import Extension, extract_from_ast
from jinja2.parser import Parser
from markupsafe import escape

from segue.html.errors import BrokenTemplate
from segue.html.jinja.public import shown

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["Translated", "Translating", "texts_in", "translated"]

_PLACE = re.compile(r"%\((\w+)\)s|%%")
_LINES = re.compile(r"\s*\n\s*")
_COMMENT = re.compile(r"\{#-?\s*((?:Translators?|NOTE):.*?)\s*-?#\}", re.DOTALL)
#: Beside the node that writes a text: what it was made of.
_MADE_OF = "segue_translated"


class Translated(NamedTuple):
    """A text of a template: its line, its forms, and the pieces of the first, which are texts or names of ``values``."""

    line: int
    context: str | None
    forms: tuple[str, str | None]
    pieces: Sequence[tuple[bool, str]]
    values: Mapping[str, nodes.Pair]
    quoted: nodes.Const

    @property
    def message(self) -> tuple[int, str, Sequence[str | None]]:
        """As a call of a function of gettext says it."""
        one, many = self.forms
        texts = [one] if many is None else [one, many]
        context = [] if self.context is None else [self.context]
        function = ("np" if many is not None else "p") if context else ("n" if many is not None else "")
        return self.line, f"{function}gettext", [*context, *texts]


def translated(node: nodes.Node) -> Translated | None:
    """What a node was made of, if a ``trans`` made it."""
    found: Translated | None = getattr(node, _MADE_OF, None)
    return found


class Translating(Extension):
    """The tag ``trans``: its body is the text, as the template's language has it; what it names are values.

        {% trans %}All films{% endtrans %}
        {% trans count=films|length %}One film{% pluralize %}{{ count }} films{% endtrans %}
        {% trans "month" %}May{% endtrans %}

    Translations are a part of the page, as the body is; values are escaped for the place where they stand in the body.
    ``trimmed`` joins its lines.
    """

    tags = {"trans"}  # noqa: RUF012 -- as Jinja2 declares it
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> nodes.Node:
        """The node of the tag."""
        stream = parser.stream
        line = next(stream).lineno
        context = next(stream).value if stream.current.type == "string" else None
        values, trimmed = _values(parser)
        stream.expect("block_end")
        one = _body(parser)
        many: list[tuple[bool, str]] | None = None
        counted = next(iter(values), None)
        if next(stream).value == "pluralize":
            if stream.current.type != "block_end":
                counted = stream.expect("name").value
                if counted not in values:
                    values[counted] = nodes.Name(counted, "load", lineno=line)
            stream.expect("block_end")
            many = _body(parser)
            if next(stream).value == "pluralize":
                parser.fail("{% trans %} has one {% pluralize %}", line)
        for is_name, piece in (*one, *(many or ())):
            if is_name and piece not in values:
                values[piece] = nodes.Name(piece, "load", lineno=line)
                counted = counted or piece
        if many is not None and counted is None:
            parser.fail("{% pluralize %} needs a number: {% trans count=films|length %}", line)
        count: nodes.Expr = nodes.Const(None) if many is None else values[str(counted)]
        return self._node(line, context, (one, many), values, count, trimmed)

    def _node(
        self,
        line: int,
        context: str | None,
        bodies: tuple[list[tuple[bool, str]], list[tuple[bool, str]] | None],
        values: Mapping[str, nodes.Expr],
        count: nodes.Expr,
        trimmed: bool,
    ) -> nodes.Node:
        named = any(is_name for body in bodies for is_name, _ in body or ())
        one = _message(bodies[0], named, trimmed)
        many = None if bodies[1] is None else _message(bodies[1], named, trimmed)
        pairs = {name: nodes.Pair(nodes.Const(name), value) for name, value in values.items()}
        quoted = nodes.Const(False)
        given: nodes.Expr = nodes.Dict(list(pairs.values())) if named else nodes.Const(None)
        call = self.call_method(
            "say",
            [nodes.Const(context), nodes.Const(one), nodes.Const(many), count, given, quoted],
            lineno=line,
        )
        safe = nodes.MarkSafe(call, lineno=line)
        setattr(safe, _MADE_OF, Translated(line, context, (one, many), bodies[0], pairs, quoted))
        return nodes.Output([safe], lineno=line)

    def say(
        self,
        context: str | None,
        one: str,
        many: str | None,
        count: float | None,
        values: Mapping[str, Any] | None,
        quoted: bool,
    ) -> str:
        """The text with its values."""
        texts = self.environment.names.texts
        if many is None or count is None:
            written = one
            found = texts.gettext(one) if context is None else texts.pgettext(context, one)
        else:
            written = one if count == 1 else many
            found = texts.one_of(context, one, many, count)
        if values is not None:
            found = _filled(found, written, values)
        if quoted:  # what a translation has of quotes would end the value
            found = found.replace('"', "&#34;").replace("'", "&#39;")
        return found


def _filled(found: str, written: str, values: Mapping[str, Any]) -> str:
    names = {one[1] for one in _PLACE.finditer(found)} - {None}
    text = found if names <= values.keys() else written
    return _PLACE.sub(lambda one: "%" if one[1] is None else str(escape(shown(values[one[1]]))), text)


def _values(parser: Parser) -> tuple[dict[str, nodes.Expr], bool]:
    """The values that the tag names, and whether its lines are joined."""
    stream = parser.stream
    values: dict[str, nodes.Expr] = {}
    trimmed = bool(parser.environment.policies["ext.i18n.trimmed"])
    while stream.current.type != "block_end":
        stream.skip_if("comma")
        name = stream.expect("name")
        if name.value in values:
            parser.fail(f"{{% trans %}} names {name.value!r} twice", name.lineno)
        if stream.skip_if("assign"):
            values[name.value] = parser.parse_expression()
        elif name.value in ("trimmed", "notrimmed"):
            trimmed = name.value == "trimmed"
        else:
            values[name.value] = nodes.Name(name.value, "load", lineno=name.lineno)
    return values, trimmed


def _body(parser: Parser) -> list[tuple[bool, str]]:
    """The pieces up to the next tag, which the stream is left in: texts, and names of values."""
    stream = parser.stream
    pieces: list[tuple[bool, str]] = []
    while True:
        token = next(stream)
        if token.type == "data":
            pieces.append((False, token.value))
        elif token.type == "variable_begin":
            name = stream.expect("name")
            if stream.current.type != "variable_end":
                parser.fail(
                    f"{{% trans %}} takes only names in its text: {{% trans {name.value}=... %}}, and then {{{{ {name.value} }}}}",
                    name.lineno,
                )
            next(stream)
            pieces.append((True, name.value))
        elif token.type == "block_begin" and stream.current.test_any("name:endtrans", "name:pluralize"):
            return pieces
        elif token.type == "eof":
            parser.fail("{% trans %} has no {% endtrans %}", token.lineno)
        else:
            parser.fail(
                "{% trans %} takes text and names, and no other tags: put what is decided before it",
                token.lineno,
            )


def _message(pieces: Sequence[tuple[bool, str]], named: bool, trimmed: bool) -> str:
    text = "".join(
        [f"%({one})s" if is_name else one.replace("%", "%%") if named else one for is_name, one in pieces]
    )
    return _LINES.sub(" ", text.strip()) if trimmed else text


def texts_in(
    environment: "PageEnvironment", file: Path, source: str, functions: Collection[str]
) -> Iterator[tuple[int, str, Sequence[str | None], Sequence[str]]]:
    """The texts of a template, as ``segue.core.ports.Extracts`` gives them. Raises BrokenTemplate."""
    try:
        tree = Parser(environment, source, None, str(file)).parse()
    except TemplateSyntaxError as error:
        raise BrokenTemplate(file.name, str(file), error.lineno, error.message or "", source) from error
    comments = {
        source.count("\n", 0, one.end()) + 1: " ".join(one[1].split()) for one in _COMMENT.finditer(source)
    }

    def beside(line: int) -> list[str]:
        return [comments[at] for at in (line - 1, line) if at in comments]

    for node in tree.find_all(nodes.MarkSafe):
        made_of = translated(node)
        if made_of is not None:
            line, function, texts = made_of.message
            yield line, function, texts, beside(line)
    for line, function, found in extract_from_ast(tree, list(functions)):
        yield line, function, [found] if isinstance(found, str) or found is None else found, beside(line)

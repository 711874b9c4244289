"""Parts of templates that are kept: ``{% cache film.id, seconds=60, tags=["films"] %}...{% endcache %}``."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from segue.html.errors import TemplateError
from segue.html.gaps import filled, gaps_of
from segue.html.jinja.assets import ASSETS, Collected

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["Caching"]

#: What the plugin of a cache gives templates: ``cache_fragment(request, key, make, seconds, tags)``.
_KEEPS = "cache_fragment"
#: Names that are of one visitor.
_PRIVATE = {"csp_nonce", "csrf_field", "csrf_token", "flashes"}
#: Names that Jinja2 gives a meaning in each place.
_SPECIAL = {"caller", "kwargs", "loop", "self", "super", "varargs"}


class Caching(Extension):
    """The tag ``cache``. Its values are what the part varies by, besides the language and the text of the tag itself.

    What is kept is looked up when the rest of the page has been rendered; the body runs only where there is nothing. It sees the names as they were where
    it stands.
    """

    tags = {"cache"}  # noqa: RUF012 -- as Jinja2 declares it
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """The nodes of the tag."""
        line = next(parser.stream).lineno
        parts, options = _said(parser)
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        names = _names(parser, body, line)
        text = hashlib.blake2b(repr(body).encode(), digest_size=12).hexdigest()
        number = parser.__dict__["segue_caches"] = parser.__dict__.get("segue_caches", 0) + 1
        macro = f"_segue_cache_{number}"
        call = self.call_method(
            "keep",
            [
                nodes.ContextReference(),
                nodes.List([nodes.Const(parser.name or ""), nodes.Const(text), *parts]),
                options.get("seconds", nodes.Const(_DEFAULT)),
                options.get("tags", nodes.Const(())),
                nodes.Name(macro, "load", lineno=line),
                nodes.List([nodes.Name(name, "load", lineno=line) for name in names]),
            ],
            lineno=line,
        )
        parameters = [nodes.Name(name, "param", lineno=line) for name in names]
        return [
            nodes.Macro(macro, parameters, [], body, lineno=line),
            nodes.Output([nodes.MarkSafe(call)], lineno=line),
        ]

    def keep(
        self,
        context: Context,
        key: list[Any],
        seconds: Any,
        tags: Sequence[str],
        body: Callable[..., Any],
        values: list[Any],
    ) -> Any:
        """The part, or the gap where it will be put."""
        request = context.parent.get("request")
        if request is None:
            return body(*values)
        keeps = context.resolve_or_missing(_KEEPS)
        if not callable(keeps):
            raise TemplateError(
                f"{context.name} keeps a part with {{% cache %}}, and the app has no cache: App(plugins=[Caching(...), ...]), from segue.cache"
            )
        if isinstance(tags, str):
            raise TemplateError(f"the tags of {{% cache %}} are a list: tags=[{tags!r}]")
        streams = self.environment.is_async

        async def make() -> tuple[str, bool]:
            collected = context.parent.get(ASSETS)
            before = len(collected.tags) if isinstance(collected, Collected) else 0
            text = await body(*values) if streams else self._body(context, body, values)
            text = await filled(request, text, whole=not streams)
            # A style that the page has to have in its head is not in the part, so it would be without it the next time.
            return text, not isinstance(collected, Collected) or len(collected.tags) == before

        async def made() -> Markup:
            wanted = None if seconds == _DEFAULT else (seconds,)
            keeping: Any = context.call(keeps, key, make, wanted, tuple(tags))
            return Markup(await keeping)  # noqa: S704 -- what a template gives is HTML

        return made() if streams else gaps_of(request).leave(made, lambda: body(*values))

    def _body(self, context: Context, body: Callable[..., Any], values: list[Any]) -> str:
        """The part. What it raises is told as what the rest of the template raises."""
        from segue.html.jinja.engine import explain

        try:
            text: str = body(*values)
        except Exception as error:  # noqa: BLE001 -- raised again, with the lines of the template
            explain(error, context)
            self.environment.handle_exception()
        return text


_DEFAULT = "default"


def _said(parser: Parser) -> tuple[list[nodes.Expr], dict[str, nodes.Expr]]:
    """What the tag varies by, and its options."""
    parts: list[nodes.Expr] = []
    options: dict[str, nodes.Expr] = {}
    stream = parser.stream
    while stream.current.type != "block_end":
        if parts or options:
            stream.expect("comma")
        if stream.current.type == "name" and stream.look().type == "assign":
            name = stream.expect("name")
            stream.expect("assign")
            if name.value not in ("seconds", "tags"):
                parser.fail(
                    f"{{% cache %}} has the options seconds and tags, and not {name.value!r}", name.lineno
                )
            options[name.value] = parser.parse_expression()
        elif options:
            parser.fail("{% cache %} takes what it varies by first, and then seconds= and tags=")
        else:
            parts.append(parser.parse_expression())
    return parts, options


def _names(parser: Parser, body: list[nodes.Node], line: int) -> list[str]:
    """The names that the body uses, as they are where it stands: loops have gone on when it runs."""
    whole = nodes.Template(body, lineno=line)
    used = {one.name for one in whole.find_all(nodes.Name) if one.ctx == "load"}
    for name in sorted(used & _PRIVATE):
        parser.fail(
            f"{name} is of one visitor, and {{% cache %}} keeps its part for all: take it out of there", line
        )
    if "caller" in used or "super" in used:
        parser.fail("{% cache %} takes no caller() and no super(): put it around the whole", line)
    if _uses_loop(whole):
        parser.fail(
            "`loop` is of the loop around {% cache %}, which has gone on when its part is made: {% set index = loop.index %} before it",
            line,
        )
    return sorted(name for name in used - _SPECIAL if not name.startswith("_segue_"))


def _uses_loop(node: nodes.Node) -> bool:
    """Whether a name ``loop`` is that of a loop outside."""
    if isinstance(node, nodes.Name):
        return node.name == "loop"
    if isinstance(node, nodes.For):
        return any(_uses_loop(one) for one in (node.iter, *node.else_))
    return any(_uses_loop(one) for one in node.iter_child_nodes())

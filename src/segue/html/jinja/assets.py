"""Styles and scripts of components, each once in a page: ``{% asset "card.css" %}``, and ``{{ page_assets() }}`` in its head."""

import secrets
from typing import TYPE_CHECKING, Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from segue.html.errors import TemplateError

if TYPE_CHECKING:
    from segue.html.jinja.environment import PageEnvironment

__all__ = ["ASSETS", "Assets", "Collected", "nonce_of", "page_assets"]

#: Under which a page keeps what was asked for, for all of its templates.
ASSETS = "segue_assets"


class Collected:
    """What the templates of one page have asked for, in order."""

    def __init__(self) -> None:
        # Nobody can write it into a page who does not know it.
        self.mark = Markup(f"<!--{secrets.token_hex(16)}-->")  # noqa: S704 -- digits
        self.tags: dict[str, None] = {}

    def put_into(self, page: str) -> str:
        """The page with them in its head."""
        return page.replace(self.mark, "\n".join(self.tags), 1)


@jinja2.pass_context
def page_assets(context: Context) -> Markup:
    """The place in a page for what its components ask for."""
    if context.environment.is_async:
        raise TemplateError(
            "{{ page_assets() }} knows what to write when the page is there, and a stream is sent before that: link the "
            "styles and scripts in the template, or do not stream it"
        )
    collected = context.parent.get(ASSETS)
    if collected is None:
        collected = context.parent[ASSETS] = Collected()
    mark: Markup = collected.mark
    return mark


class Assets(Extension):
    """The tags ``asset``, for a file, and ``embed``, for a style or a script that stands in the template.

    {% asset "card.css" %}{% asset "/static/card.js" %}
    {% embed css %}.card { padding: 1rem }{% endembed %}
    """

    tags = {"asset", "embed"}  # noqa: RUF012 -- as Jinja2 declares it
    environment: "PageEnvironment"

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """The nodes of one of the tags."""
        token = next(parser.stream)
        if token.value == "asset":
            path = parser.parse_expression()
            call = self.call_method("link", [nodes.ContextReference(), path], lineno=token.lineno)
            return nodes.ExprStmt(call, lineno=token.lineno)
        kind = parser.stream.expect("name").value
        if kind not in ("css", "js"):
            parser.fail("{% embed css %} or {% embed js %}", token.lineno)
        body = parser.parse_statements(("name:endembed",), drop_needle=True)
        variable = parser.free_identifier(lineno=token.lineno)
        call = self.call_method(
            "embed", [nodes.ContextReference(), nodes.Const(kind), variable], lineno=token.lineno
        )
        return [
            nodes.AssignBlock(variable, None, body, lineno=token.lineno),
            nodes.ExprStmt(call, lineno=token.lineno),
        ]

    def link(self, context: Context, path: str) -> None:
        """Asks for a file: of the app's static files, or a path or URL as it is."""
        url: Any = path
        if not path.startswith(("/", "http://", "https://")):
            url = context.call(context.resolve("static_url"), path)
        quoted = Markup.escape(url)
        kind = path.partition("?")[0].rpartition(".")[2]
        if kind == "css":
            tag = f'<link rel="stylesheet" href="{quoted}"{nonce_of(context)}>'
        elif kind in ("js", "mjs"):
            module = ' type="module"' if kind == "mjs" else " defer"
            tag = f'<script src="{quoted}"{module}{nonce_of(context)}></script>'
        else:
            raise TemplateError(f"{path!r} is neither a style (.css) nor a script (.js, .mjs)")
        _collected(context, path).tags[tag] = None

    def embed(self, context: Context, kind: str, text: str) -> None:
        """Asks for a style or a script that stands in the template."""
        name = "style" if kind == "css" else "script"
        _collected(context, f"embed {kind}").tags[f"<{name}{nonce_of(context)}>{text}</{name}>"] = None


def nonce_of(context: Context) -> str:
    """The attribute that lets a policy know a script of this page; empty where there is no policy."""
    nonce: Any = context.resolve_or_missing("csp_nonce")
    return f' nonce="{Markup.escape(nonce)}"' if nonce and isinstance(nonce, str) else ""


def _collected(context: Context, what: str) -> Collected:
    collected = context.parent.get(ASSETS)
    if not isinstance(collected, Collected):
        raise TemplateError(
            f"{context.name} asks for {what!r}, and its page has no place for it: write {{{{ page_assets() }}}} into the "
            f"<head> of the layout"
        )
    return collected

"""Any value as a page: tables and lists, everything escaped."""

import html
from typing import Any

from segue.core.errors.errorpage import page
from segue.formats.base import PlainFormat, text_of
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["HTML"]


class HTML(PlainFormat):
    """A page for any value: a list of models is a table, the fields of one a list. What is HTML already stays as it is.

    Text is escaped, always. ``fragment``: only the part of a page, for a page that loads it; then ``suffixes`` is
    ``("load",)``.
    """

    name = "html"
    media_types = ("text/html",)

    def __init__(self, *, fragment: bool = False) -> None:
        self.fragment = fragment
        self.suffixes = ("load",) if fragment else ("html",)

    def encode(self, value: Any) -> bytes:
        if hasattr(value, "__html__"):
            return str(value.__html__()).encode()
        content = shown(self.plain(value))
        body = page("Result", content, 200, wide=True).body
        return content.encode() if self.fragment or not isinstance(body, bytes) else body

    def render(self, value: Any, request: Request) -> bytes | Response:
        if self.fragment or hasattr(value, "__html__"):
            return self.encode(value)
        title = html.escape(request.path)
        return page(request.path, f"<h1>{title}</h1>\n{shown(self.plain(value))}", 200, wide=True)


def shown(value: Any) -> str:
    """A plain value as HTML."""
    if isinstance(value, dict):
        return (
            "<dl>"
            + "".join(f"<dt>{_text(key)}</dt><dd>{shown(one)}</dd>" for key, one in value.items())
            + "</dl>"
        )
    if isinstance(value, list):
        if value and all(isinstance(one, dict) for one in value):
            return _table(value)
        return "<ul>" + "".join(f"<li>{shown(one)}</li>" for one in value) + "</ul>"
    return _text(value)


def _table(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{shown(row.get(name))}</td>" for name in names) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    return html.escape(text_of(value), quote=True)

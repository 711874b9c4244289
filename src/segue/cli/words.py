"""Reads ``[APP] [METHOD] PATH``: what ``segue explain`` and ``segue request`` are given."""

from collections.abc import Sequence
from typing import NamedTuple

import click

from segue.cli.options import named_app

__all__ = ["Asked", "asked"]

_METHODS = frozenset(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE", "CONNECT"]
)


class Asked(NamedTuple):
    """An application, a method, and what is asked of it."""

    app: str
    method: str
    target: str


def asked(context: click.Context, words: Sequence[str], method: str = "GET") -> Asked:
    """The words of a command line: ``hello:app POST /films``, ``"POST /films"``, ``/films``; ``method`` if none is said."""
    parts = [part for word in words for part in word.split(" ") if part]
    if not parts or not parts[-1].startswith("/"):
        raise click.UsageError(
            f'The last word is a path: segue {context.info_name} "GET /films", or with the application before it: '
            f"segue {context.info_name} hello:app GET /films",
            context,
        )
    *before, target = parts
    if before and _is_method(before[-1]):
        method = before.pop().upper()
    if len(before) > 1:
        raise click.UsageError(f"What is {before[1]!r}? A method is written like POST.", context)
    return Asked(named_app(context, before[0] if before else None), method, target)


def _is_method(word: str) -> bool:
    # A method of one's own is in capitals; a module hardly ever is.
    return word.upper() in _METHODS or (word.isascii() and word.replace("-", "").isalpha() and word.isupper())


def split_request(text: str) -> tuple[str, str]:
    """``"GET /films"`` as method and path; the method is GET if none is said."""
    first, _, rest = text.strip().partition(" ")
    return (first.upper(), rest.strip()) if rest else ("GET", first)

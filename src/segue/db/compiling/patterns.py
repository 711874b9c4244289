"""Texts in which some characters mean something: patterns, and paths into JSON. What a client gives means itself."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from segue.http.errors import BadRequest

__all__ = ["glob_text", "path_text"]

_LIKE = re.compile(r"\\(.)|([%_*?\[])", re.DOTALL)


def glob_text(pattern: str) -> str:
    """A pattern of LIKE, with a backslash as its escape, as one of GLOB."""

    def one(found: re.Match[str]) -> str:
        escaped, special = found.groups()
        if special == "%":
            return "*"
        if special == "_":
            return "?"
        letter = escaped or special
        return f"[{letter}]" if letter in "*?[" else letter

    return _LIKE.sub(one, pattern)


def path_text(name: str) -> Callable[[Any], Any]:
    """What makes of a path into JSON the value that the database takes for it."""
    if name == "postgresql":
        return lambda path: [str(one) for one in path]

    def text(path: Sequence[str | int]) -> str:
        parts = ["$"]
        for one in path:
            if isinstance(one, int):
                parts.append(f"[{one}]")
            elif name == "mariadb" and one.startswith("-"):
                raise BadRequest(f"MariaDB finds no key of JSON that begins with a minus: {one!r:.80}")
            elif '"' in one or "\\" in one or any(ord(letter) < 32 for letter in one):
                raise BadRequest(
                    f"a key of JSON with a quote, a backslash or a control character cannot be asked for: {one!r:.80}"
                )
            else:
                parts.append(f'."{one}"')
        return "".join(parts)

    return text

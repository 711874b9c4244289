"""Patterns of Python as browsers take them in ``<input pattern>``: the dialect of JavaScript with the flag ``v``."""

import re

__all__ = ["browser_pattern"]

_ESCAPES = frozenset(r"^$\.*+?()[]{}|/nrtfv")
_IN_CLASS = frozenset("()[{}/|&!#$%*+,.:;<=>?@^`~")
_CLASSES = {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "s": r"\s"}


def browser_pattern(pattern: str) -> str | None:
    """The same pattern for a browser, None where it cannot say the same.

    A browser asks the whole text to match, msgspec that something in it does. What only Python has, and what reads
    otherwise in JavaScript, is left to the server.
    """
    written = _translated(pattern)
    if written is None:
        return None
    whole = pattern.removesuffix(r"(?!\n)")
    if whole.startswith("^") and whole.endswith("$") and not whole.endswith(r"\$") and "|" not in whole:
        return written
    return rf"[\s\S]*(?:{written})[\s\S]*"


def _translated(pattern: str) -> str | None:
    if re.search(r"\(\?(?![:=!])|[*+?}]\+", pattern):  # groups and quantifiers that JavaScript has not
        return None
    out: list[str] = []
    at, end, begun = 0, len(pattern), -1  # begun: where the class that we are in starts
    while at < end:
        char = pattern[at]
        if char == "\\":
            at += 1
            if at == end:
                return None
            escaped = _escaped(pattern[at], inside=begun >= 0)
            if escaped is None:
                return None
            out.append(escaped)
        elif begun < 0:
            out.append(char)
            if char == "[":
                begun = at + (2 if pattern[at + 1 : at + 2] == "^" else 1)
                out.append(pattern[at + 1 : begun])
                at = begun - 1
                if pattern[begun : begun + 1] == "]":  # a bracket as the first of a class
                    return None
        elif char == "]":
            begun = -1
            out.append(char)
        elif (char == "-" and (at == begun or pattern[at + 1 : at + 2] == "]")) or char in _IN_CLASS:
            out.append("\\" + char)
        else:
            out.append(char)
        at += 1
    return "".join(out) if begun < 0 else None


def _escaped(char: str, *, inside: bool) -> str | None:
    known = _CLASSES.get(char)
    if known is not None:
        return known if inside or char == "s" else f"[{known}]"
    if char in _ESCAPES or (inside and (char == "-" or char in _IN_CLASS)):
        return "\\" + char
    return None

"""Writes a description as YAML: the values of JSON in lines that people read and compare."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["to_yaml"]

#: Texts that need no quotes, unless they are words that YAML 1.1 takes for something else.
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*(?: [A-Za-z0-9_/.-]+)*\Z")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
#: What JSON writes as it is, and YAML does not allow.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def to_yaml(value: Any) -> str:
    """The YAML (1.1 and 1.2) of what JSON can say; it is read back as the same value.

    >>> print(to_yaml({"info": {"title": "Films", "version": "1.0"}, "tags": []}), end="")
    info:
      title: Films
      version: "1.0"
    tags: []
    """
    return "".join([f"{line}\n" for line in _lines(value)])


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _under(f"{_text(str(key))}:", inner)
    elif isinstance(value, list | tuple) and value:
        for inner in value:
            first, *rest = _lines(inner)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield _scalar(value)


def _under(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple) and value:
        yield key
        yield from (f"  {line}" for line in _lines(value))
    else:
        yield f"{key} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and "e" in (text := repr(value)) and "." not in text:
        return text.replace("e", ".0e")  # without a dot, YAML 1.1 reads a text
    return json.dumps(value)


def _text(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)

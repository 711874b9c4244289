"""Values as text for people who look for a mistake: short, and without what is secret."""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

__all__ = ["MASKED", "Masker", "is_secret"]

MASKED = "••••••"

_NAME = re.compile(
    r"pass(?:word|wd|phrase)|passw|secret|token|credential|authori[sz]ation|cookie|csrf|(?:^|[_-])(?:api)?keys?\Z|apikey"
    r"|(?:^|[_-])(?:pwd|pin|sid)\Z|session[_-]?id|signature",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"(?P<before>://[^/\s:@]{0,200}:)[^/\s@]{1,200}(?=@)")
_BEARER = re.compile(r"\b(?P<before>(?:Bearer|Basic|Digest)\s+)[\w+/=.~-]{4,}", re.IGNORECASE)

_LONGEST = 600  # characters of one thing
_WHOLE = 4_000  # characters of a value with all that is in it
_MOST = 20  # items of a value
_DEEPEST = 3
_SHORTEST_SECRET = 4  # characters: to take out shorter ones everywhere would leave little


def is_secret(name: object) -> bool:
    """Whether what has this name is not to be shown: a password, a token, a key, a cookie."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    return isinstance(name, str) and _NAME.search(name) is not None


class Masker:
    """Writes values. What it was once told under a secret name is nowhere to be seen, whatever it is called elsewhere."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def learn(self, name: object, value: Any, depth: int = 0) -> None:
        """Looks for secrets in a value and below it."""
        if is_secret(name):
            self._keep(value)
        if depth < _DEEPEST:
            for inner_name, inner in _inside(value):
                self.learn(inner_name, inner, depth + 1)

    def _keep(self, value: Any) -> None:
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            for one in (value, *re.split(r"[\s;,=]+", value)):
                if len(one) >= _SHORTEST_SECRET and one.lower() not in ("bearer", "basic", "digest"):
                    self._secrets.add(one)

    def clean(self, text: str) -> str:
        """The text without the secrets that are known, without passwords in URLs and what follows ``Bearer``."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASKED)
        text = _IN_URL.sub(rf"\g<before>{MASKED}", text)
        return _BEARER.sub(rf"\g<before>{MASKED}", text)

    def value(self, name: object, value: Any) -> str:
        """A value as text, which is a mask if its name says so."""
        return MASKED if is_secret(name) else self.clean(_short(value, 0))[:_WHOLE]

    def text(self, name: object, value: Any) -> str:
        """The same, where text stands for itself."""
        if isinstance(value, str) and not is_secret(name):
            return self.clean(value)[:_WHOLE]
        return self.value(name, value)


def _inside(value: Any) -> Iterator[tuple[object, Any]]:
    """The named values of a value, as far as they can be had without running the code of others."""
    items: Iterable[tuple[object, Any]]
    if isinstance(value, Mapping) and type(value).__module__ == "builtins":
        items = value.items()
    elif isinstance(value, list | tuple):
        pair = len(value) == 2 and isinstance(value[0], str | bytes)
        items = [(value[0], value[1])] if pair else [(None, one) for one in value]
    else:
        items = _fields(value)
    for at, one in enumerate(items):
        if at >= 50:
            return
        yield one


def _fields(value: Any) -> list[tuple[object, Any]]:
    if isinstance(value, type):
        return []
    if isinstance(value, msgspec.Struct):
        return [(name, getattr(value, name, None)) for name in value.__struct_fields__]
    own = getattr(value, "__dict__", None)
    return list(own.items()) if type(own) is dict else []


def _short(value: Any, depth: int) -> str:
    """A value as one would write it, with the masks in it."""
    kind: type = type(value)
    if depth > _DEEPEST:
        return "..."
    if kind is dict:
        items = [
            f"{_short(key, depth + 1)}: {_masked(key, one, depth)}" for key, one in _first(value.items())
        ]
        return "{" + _joined(items, len(value)) + "}"
    if (
        kind in (list, tuple)
        and len(value) == 2
        and isinstance(value[0], str | bytes)
        and is_secret(value[0])
    ):
        return f"({value[0]!r}, {MASKED})"
    if kind in (list, tuple, set, frozenset):
        items = [_short(one, depth + 1) for one in _first(value)]
        opening, closing = "[]" if kind is list else "()" if kind is tuple else "{}"
        return opening + _joined(items, len(value)) + closing
    if isinstance(value, msgspec.Struct) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        items = [f"{name}={_masked(name, one, depth)}" for name, one in _first(_fields(value))]
        return f"{kind.__name__}({_joined(items, len(items))})"
    items_of = getattr(kind, "multi_items", None)
    if items_of is not None:  # header fields, queries, forms
        return f"{kind.__name__}({_short(list(items_of(value)), depth)})"
    return _repr(value)


def _masked(name: object, value: Any, depth: int) -> str:
    return MASKED if is_secret(name) else _short(value, depth + 1)


def _repr(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 -- code of the user's, which may be what is broken
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"


def _first(items: Iterable[Any]) -> Iterator[Any]:
    for at, one in enumerate(items):
        if at >= _MOST:
            return
        yield one


def _joined(items: list[str], whole: int) -> str:
    more = [f"... ({whole} in all)"] if whole > len(items) else []
    return ", ".join([*items, *more])

"""Header fields of requests and responses (RFC 9110, section 5).

Names are matched without regard to case and kept in lower case; values are latin-1 text, as on the wire.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

__all__ = ["HeaderSource", "Headers", "InvalidHeader", "MutableHeaders", "RawHeaders"]

RawHeaders = list[tuple[bytes, bytes]]
HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+\Z")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class InvalidHeader(ValueError):
    """A header name or value that must not be sent: it would end the line, or is not a token."""


class Headers(Mapping[str, str]):
    """The header fields of a message, as a read-only mapping that may hold a name several times.

    ``headers["host"]`` is the first value; :meth:`get_all` gives every value in order.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: RawHeaders | None = None) -> None:
        #: Pairs of lower-case name and value, in the order of the wire.
        self.raw: RawHeaders = [] if raw is None else raw

    def __getitem__(self, name: str) -> str:
        wanted = name.lower().encode("latin-1", "replace")
        for key, value in self.raw:
            if key == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def get_all(self, name: str) -> list[str]:
        """Every value of ``name``, in order; empty when there is none."""
        wanted = name.lower().encode("latin-1", "replace")
        return [value.decode("latin-1") for key, value in self.raw if key == wanted]

    def joined(self, name: str) -> str | None:
        """The values of a list-valued field as one (RFC 9110, section 5.3), or None."""
        values = self.get_all(name)
        return ", ".join(values) if values else None

    def multi_items(self) -> list[tuple[str, str]]:
        """All pairs, repeated names included, in order."""
        return [(key.decode("latin-1"), value.decode("latin-1")) for key, value in self.raw]

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        wanted = name.lower().encode("latin-1", "replace")
        return any(key == wanted for key, _ in self.raw)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.decode("latin-1") for key, _ in self.raw))

    def __len__(self) -> int:
        return len({key for key, _ in self.raw})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.multi_items()!r})"


class MutableHeaders(Headers):
    """The header fields of a response. Whatever is put in is checked at once, so that a response cannot be split.

    >>> headers = MutableHeaders()
    >>> headers["location"] = "/films\\r\\nSet-Cookie: a=b"
    Traceback (most recent call last):
    ...
    segue.http.headers.InvalidHeader: header 'location' has a control character at position 6: '/films\\r\\nSet-...'
    """

    __slots__ = ()

    def __init__(self, items: HeaderSource = ()) -> None:
        self.raw = []
        for name, value in _pairs(items) if items else ():
            self.add(name, value)

    def __setitem__(self, name: str, value: str) -> None:
        key, encoded = _checked(name, value)
        for index, (present, _) in enumerate(self.raw):
            if present == key:
                self.raw[index] = (key, encoded)
                self.raw[index + 1 :] = [pair for pair in self.raw[index + 1 :] if pair[0] != key]
                return
        self.raw.append((key, encoded))

    def __delitem__(self, name: str) -> None:
        wanted = name.lower().encode("latin-1", "replace")
        self.raw[:] = [pair for pair in self.raw if pair[0] != wanted]

    def add(self, name: str, value: str) -> None:
        """Adds a field and keeps those of the same name (``Set-Cookie``)."""
        self.raw.append(_checked(name, value))

    def setdefault(self, name: str, value: str) -> str:
        """The present value of ``name``, or ``value`` after it was put in."""
        if name not in self:
            self[name] = value
        return self[name]

    def update(self, items: HeaderSource) -> None:
        """Sets each of ``items``; a name that is there is replaced."""
        for name, value in _pairs(items):
            self[name] = value

    def vary(self, *names: str) -> None:
        """Adds ``names`` to the ``Vary`` field (RFC 9110, section 12.5.5)."""
        if b"vary" not in [key for key, _ in self.raw]:
            self.raw.append(
                _checked("vary", names[0] if len(names) == 1 else ", ".join(dict.fromkeys(names)))
            )
            return
        present = [
            part.strip() for value in self.get_all("vary") for part in value.split(",") if part.strip()
        ]
        known = {part.lower() for part in present}
        if "*" not in known:
            self["vary"] = ", ".join(present + [name for name in names if name.lower() not in known])


def _pairs(items: HeaderSource) -> Iterable[tuple[str, str]]:
    if isinstance(items, Headers):
        return items.multi_items()
    return cast("Mapping[str, str]", items).items() if isinstance(items, Mapping) else items


_known_names: dict[str, bytes] = {}  # as they were written -> as they are sent; bounded
_KNOWN = 512


def _checked(name: str, value: str) -> tuple[bytes, bytes]:
    # PERF: names recur, and nearly all values are printable ASCII: 0.2 us instead of 1.1 us a field.
    key = _known_names.get(name)
    if key is None:
        if not isinstance(name, str) or not _TOKEN.match(name):
            raise InvalidHeader(f"header name {name!r:.80} is not a token (RFC 9110, section 5.1)")
        key = name.lower().encode("ascii")
        if len(_known_names) < _KNOWN:
            _known_names[name] = key
    if not isinstance(value, str):
        raise InvalidHeader(f"header {name!r:.80} needs text, not {type(value).__name__}: {value!r:.80}")
    if value.isascii() and value.isprintable():
        return key, value.strip(" ").encode("ascii")
    found = _FORBIDDEN.search(value)
    if found:
        raise InvalidHeader(
            f"header {name!r:.80} has a control character at position {found.start()}: {value[:12] + '...'!r}"
        )
    try:
        return key, value.strip(" \t").encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidHeader(f"header {name!r:.80} has a character outside latin-1: {value!r:.80}") from None

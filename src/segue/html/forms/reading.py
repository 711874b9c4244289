"""One reading of what was sent: the errors that were found, and what may be chosen in this request."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segue.core.texts.lazy import Words
from segue.html.forms.choices import Choice, Options
from segue.html.forms.messages import Refused, refusal_of, told

__all__ = ["ABSENT", "UNFIT", "Reading", "tree_of"]


class _Absent:
    """Nothing was given."""

    def __repr__(self) -> str:
        return "<absent>"

    def __bool__(self) -> bool:
        return False


#: Nothing was given.
ABSENT: Any = _Absent()


class Reading:
    """What is known while fields are read. ``errors``: messages by path; what is about the whole form is under ``""``.

    ``offers``: what may be chosen now. ``json``: values come as JSON has them, not as texts of a form.
    """

    __slots__ = ("errors", "json", "messages", "offers")

    def __init__(self, messages: Mapping[str, Words], offers: Mapping[Options, Sequence[Choice]]) -> None:
        self.errors: dict[str, list[str]] = {}
        self.messages = messages
        self.offers = offers
        self.json = False

    def refuse(self, path: str, message: str) -> None:
        """Keeps a message for a path."""
        self.errors.setdefault(path, []).append(message[:500])

    def failed(self, path: str, error: Exception, shape: str | None = None) -> None:
        """Keeps what an exception says of a value."""
        if isinstance(error, Refused):
            self.refuse(path, told(error, self.messages))
            return
        for one in getattr(error, "problems", None) or ():
            inner = ".".join([path, *map(str, one["loc"])] if path else map(str, one["loc"]))
            self.failed(inner, ValueError(one["msg"]))
        if hasattr(error, "problems"):
            return
        refused = refusal_of(str(error), shape)
        self.refuse(path, str(error) if refused is None else told(refused, self.messages))

    def choices(self, options: Options | None, fixed: Sequence[Choice] | None) -> Sequence[Choice]:
        """What a field may have."""
        return self.offers.get(options, ()) if options is not None else fixed or ()


def tree_of(pairs: Sequence[tuple[str, Any]], depth: int) -> dict[str, Any]:
    """The fields of a form by their paths: ``tracks.0.title`` is in ``["tracks"]["0"]["title"]``, a list of all values.

    No path is followed deeper than ``depth``, which is that of the form.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        at = root
        if "." in name:
            *above, name = name.split(".", depth)
            for part in above:
                inner = at.setdefault(part, {})
                if type(inner) is not dict:  # "a" and "a.b": no form of ours sends both
                    break
                at = inner
            else:
                _put(at, name, value)
            continue
        _put(at, name, value)
    return root


def _put(at: dict[str, Any], name: str, value: Any) -> None:
    there = at.get(name)
    if there is None:
        at[name] = [value]
    elif type(there) is list:
        there.append(value)


#: What a conversion raises for a value that does not fit; OverflowError for numbers and dates beyond all limits.
UNFIT = (msgspec.ValidationError, ValueError, OverflowError)

"""What people are asked for besides a type: a strong password, a day in a range, text that is JSON; and text made clean.

    class Visitor(Struct):
        name: Annotated[str, cleaned()]
        password: Annotated[str, strong()]
        birthday: Annotated[date, between(date(1900, 1, 1), date.today)]

Each goes into an annotation, or into ``field(validate=...)`` of a model. ``message`` is what people are told instead.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from segue.core.binding.slugs import slug_of
from segue.core.binding.validated import Validates
from segue.core.texts.lazy import Words
from segue.core.texts.texts import framework
from segue.http.normal import normalized

__all__ = ["between", "cleaned", "equal_to", "json_text", "slugged", "strong"]

_, _n = framework.gettext, framework.ngettext

Bound = Any | Callable[[], Any]

#: What nobody sees, or what changes how the rest is shown: controls but for line ends and tabs, and marks of direction.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"[ \t\u00a0]+")


def strong(
    length: int = 12,
    *,
    upper: int = 0,
    lower: int = 0,
    digits: int = 0,
    special: int = 0,
    longest: int = 1_000,
    message: Words | None = None,
) -> Validates:
    """A password that is not easily guessed: at least so many characters, capitals, small letters, digits and others.

    By default it is the length that counts: rules for kinds of characters make people write ``Password1!``. One character
    again and again is no password. ``longest``: so that hashing takes no longer than it should.
    """

    def check(text: str) -> str:
        missing: list[str] = []
        if len(text) < length:
            missing.append(_n("at least %(num)d character", "at least %(num)d characters", length))
        if sum(one.isupper() for one in text) < upper:
            missing.append(_n("%(num)d capital letter", "%(num)d capital letters", upper))
        if sum(one.islower() for one in text) < lower:
            missing.append(_n("%(num)d small letter", "%(num)d small letters", lower))
        if sum(one.isdigit() for one in text) < digits:
            missing.append(_n("%(num)d digit", "%(num)d digits", digits))
        if sum(not one.isalnum() for one in text) < special:
            missing.append(_n("%(num)d other character", "%(num)d other characters", special))
        if not missing and len(text) >= 4 and len(set(text)) < 4:
            missing.append(_("several different characters"))
        if not missing and len(text) > longest:
            missing.append(_n("at most %(num)d character", "at most %(num)d characters", longest))
        if missing:
            raise ValueError(str(message or _("This needs: %(what)s.", what=", ".join(missing))))
        return text

    return Validates(check)


def between(low: Bound = None, high: Bound = None, *, message: Words | None = None) -> Validates:
    """A date, a time or anything that has an order, from ``low`` to ``high``; either may be a function, as ``date.today`` is."""

    def check(value: Any) -> Any:
        first, last = (one() if callable(one) else one for one in (low, high))
        if first is not None and value < first:
            raise ValueError(str(message or _("This must be at least %(limit)s.", limit=first)))
        if last is not None and value > last:
            raise ValueError(str(message or _("This can be at most %(limit)s.", limit=last)))
        return value

    return Validates(check)


def equal_to(expected: Bound, *, message: Words | None = None) -> Validates:
    """One value and no other; ``expected`` may be a function. It is compared in equal time for texts of one length."""

    def check(value: Any) -> Any:
        wanted = expected() if callable(expected) else expected
        if not _same(value, wanted):
            raise ValueError(str(message or _("This is not the same.")))
        return value

    return Validates(check)


def json_text(*, longest: int = 1_000_000, message: Words | None = None) -> Validates:
    """Text that is JSON (RFC 8259): neither ``NaN``, nor deeper than Python can follow."""

    def check(text: str) -> str:
        try:
            if len(text) > longest:
                raise ValueError
            json.loads(text, parse_constant=_no_constant, parse_int=str)
        except (ValueError, RecursionError):
            raise ValueError(str(message or _("This is no JSON."))) from None
        return text

    return Validates(check)


def cleaned(*, lines: bool = False) -> Validates:
    """Text without what nobody sees and without blanks around it or twice in it, in the usual form of Unicode (NFC).

    ``lines``: it may have several.
    """

    def clean(text: str) -> str:
        text = _UNSEEN.sub("", normalized("NFC", text))
        if not lines:
            return " ".join(text.split())
        return "\n".join([_BLANKS.sub(" ", one).strip() for one in text.splitlines()]).strip()

    return Validates(clean)


def slugged(longest: int = 200, *, message: Words | None = None) -> Validates:
    """Text as a part of a URL: ``Minor Swing (1937)`` is kept as ``minor-swing-1937``."""

    def make(text: str) -> str:
        made = slug_of(text, longest)
        if not made:
            raise ValueError(str(message or _("Write some letters or digits.")))
        return made

    return Validates(make)


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        import hmac

        return hmac.compare_digest(
            value.encode("utf-8", "surrogatepass"), wanted.encode("utf-8", "surrogatepass")
        )
    return bool(value == wanted)


def _no_constant(name: str) -> Any:
    raise ValueError(name)

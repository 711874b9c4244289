"""What people are told about a value that is not right, in words for people."""

import re
from collections.abc import Mapping
from typing import Any

from segue.core.texts.lazy import LazyText, Words
from segue.core.texts.texts import framework

__all__ = ["MESSAGES", "Refused", "refusal_of", "told"]

_, _n, _p = framework.lazy_gettext, framework.lazy_ngettext, framework.lazy_pgettext

#: By code. A form has its own words for some in ``messages = {"required": "..."}``.
MESSAGES: Mapping[str, LazyText] = {
    "required": _("Fill in this field."),
    "choose": _("Choose one."),
    "choice": _("Choose one of those that are offered."),
    "integer": _("Write a whole number."),
    "number": _("Write a number."),
    "date": _("Write a date, like 2026-01-31."),
    "time": _("Write a time, like 20:15."),
    "datetime": _("Write a date and a time, like 2026-01-31 20:15."),
    "duration": _("Write a duration, like PT90M."),
    "uuid": _("Write a UUID."),
    "min": _("This must be at least {limit}."),
    "above": _("This must be more than {limit}."),
    "max": _("This can be at most {limit}."),
    "below": _("This must be less than {limit}."),
    "step": _("This must be a multiple of {limit}."),
    "min_length": _n("Write at least {limit} character.", "Write at least {limit} characters."),
    "max_length": _n("Write at most {limit} character.", "Write at most {limit} characters."),
    "min_items": _("Give at least {limit}."),
    "max_items": _("Give at most {limit}."),
    "pattern": _("This does not have the right form."),
    "email": _("Write an e-mail address, like name@example.org."),
    "uri": _("Write a whole web address, like https://example.org/."),
    "character": _("There is a character in it that cannot be stored."),
    "file": _("Choose a file."),
    "file_type": _("This kind of file is not taken here: {limit}."),
    "file_size": _("The file is too large: at most {limit}."),
    "image": _("This file is not an image of a kind that is taken here: {limit}."),
    "changed": _("Somebody else has changed this meanwhile. It is now: {limit}"),
    "sent": _("This form was sent already. Look whether it is done, before you send it once more."),
    "problems": _("Some fields need another look:"),
    "add": _p("button", "Add"),
    "remove": _p("button", "Remove"),
    "up": _p("button", "Up"),
    "down": _p("button", "Down"),
    "next": _p("button", "Next"),
    "back": _p("button", "Back"),
    "too_many": _("There are more rows than a form can have: {limit}."),
}


class Refused(ValueError):
    """A value that is not taken: a code of MESSAGES and what is put into its text."""

    def __init__(self, code: str, limit: Any = "") -> None:
        super().__init__(code, limit)
        self.code = code
        self.limit = limit


def told(refused: Refused, own: Mapping[str, Words]) -> str:
    """The message, in the form's own words if it has some, and in the language of who reads."""
    text = own.get(refused.code) or MESSAGES[refused.code]
    if isinstance(text, LazyText) and text.has_plural:
        text = text.of(_count(refused.limit))
    return str(text).replace("{limit}", str(refused.limit))


def _count(limit: Any) -> float:
    """The number of a limit, for the form of the word that goes with it."""
    try:
        return int(str(limit)[:20])
    except ValueError:
        return 2


_LIMIT = re.compile(r"Expected (?:`(\w+)`(?: of length)?|a value|a number) (>=|<=|>|<) ([^\s]+)")
_LIMITS = {">=": "min", ">": "above", "<=": "max", "<": "below"}
_EXPECTED = {
    "`int`": "integer",
    "`float`": "number",
    "`decimal`": "number",
    "a finite number": "number",
    "`bool`": "choice",
}
_INVALID = {
    "enum": "choice",
    "RFC3339 encoded datetime": "datetime",
    "RFC3339 encoded time": "time",
    "RFC3339 encoded date": "date",
    "ISO8601 duration": "duration",
    "UUID": "uuid",
    "decimal": "number",
}


def refusal_of(message: str, shape: str | None = None) -> Refused | None:
    """The refusal that a message of msgspec stands for; None for one that is already written for people.

    ``shape``: the format that the text should have, such as ``"email"``.
    """
    message = message.partition(" - at `")[0]
    limit = _LIMIT.match(message)
    if limit is not None:
        if "of length" in message:
            side = "min" if limit[2][0] == ">" else "max"
            code = f"{side}_{'length' if limit[1] == 'str' else 'items'}"
            return Refused(code, limit[3])
        return Refused(_LIMITS[limit[2]], limit[3])
    if "matching regex" in message:
        return Refused(shape if shape is not None and shape in MESSAGES else "pattern")
    if "multiple of" in message:
        return Refused("step", message.rpartition(" ")[2])
    if message.startswith("Invalid "):
        for what, code in _INVALID.items():
            if message.startswith(f"Invalid {what}"):
                return Refused(code)
    if message.startswith("Expected "):
        for what, code in _EXPECTED.items():
            if message.startswith(f"Expected {what}"):
                return Refused(code)
    return None

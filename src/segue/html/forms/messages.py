"""What people are told about a value that is not right, in words for people."""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["MESSAGES", "Refused", "refusal_of", "told"]

#: By code. A form has its own words for some in ``messages = {"required": "..."}``.
MESSAGES: Mapping[str, str] = {
    "required": "Fill in this field.",
    "choose": "Choose one.",
    "choice": "Choose one of those that are offered.",
    "integer": "Write a whole number.",
    "number": "Write a number.",
    "date": "Write a date, like 2026-01-31.",
    "time": "Write a time, like 20:15.",
    "datetime": "Write a date and a time, like 2026-01-31 20:15.",
    "duration": "Write a duration, like PT90M.",
    "uuid": "Write a UUID.",
    "min": "This must be at least {limit}.",
    "above": "This must be more than {limit}.",
    "max": "This can be at most {limit}.",
    "below": "This must be less than {limit}.",
    "step": "This must be a multiple of {limit}.",
    "min_length": "Write at least {limit} characters.",
    "max_length": "Write at most {limit} characters.",
    "min_items": "Give at least {limit}.",
    "max_items": "Give at most {limit}.",
    "pattern": "This does not have the right form.",
    "email": "Write an e-mail address, like name@example.org.",
    "uri": "Write a whole web address, like https://example.org/.",
    "character": "There is a character in it that cannot be stored.",
    "file": "Choose a file.",
    "file_type": "This kind of file is not taken here: {limit}.",
    "file_size": "The file is too large: at most {limit}.",
    "image": "This file is not an image of a kind that is taken here: {limit}.",
    "changed": "Somebody else has changed this meanwhile. It is now: {limit}",
    "problems": "Some fields need another look:",
    "add": "Add",
    "remove": "Remove",
    "up": "Up",
    "down": "Down",
    "next": "Next",
    "back": "Back",
    "too_many": "There are more rows than a form can have: {limit}.",
}


class Refused(ValueError):
    """A value that is not taken: a code of MESSAGES and what is put into its text."""

    def __init__(self, code: str, limit: Any = "") -> None:
        super().__init__(code, limit)
        self.code = code
        self.limit = limit


def told(refused: Refused, own: Mapping[str, str]) -> str:
    """The message, in the form's own words if it has some."""
    text = own.get(refused.code) or MESSAGES[refused.code]
    return text.replace("{limit}", str(refused.limit))


_LIMIT = re.compile(r"Expected `(\w+)`(?: of length)? (>=|<=|>|<) ([^\s]+)")
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

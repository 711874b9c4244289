"""What is wrong with what somebody asks of an account, in words for people."""

from collections.abc import Mapping
from typing import Any

__all__ = ["TEXTS", "AccountProblem"]

TEXTS: Mapping[str, str] = {
    "login_missing": "An account needs an e-mail address or a user name.",
    "no_email": "Write an e-mail address, like name@example.org.",
    "no_name": "A user name has letters, digits and . _ + - in it, and nothing else.",
    "taken": "Somebody else has this already.",
    "short": "Write at least {limit} characters.",
    "long": "This is too long for a password.",
    "simple": "This password repeats itself: it is guessed at once.",
    "common": "This password is one of those that are tried first.",
    "known": "This password has your name or your address in it.",
    "wrong": "This is not your password.",
}


class AccountProblem(ValueError):
    """What was asked of an account cannot be: ``field`` says of what, ``code`` why."""

    def __init__(self, field: str, code: str, limit: Any = "") -> None:
        super().__init__(TEXTS[code].replace("{limit}", str(limit)))
        self.field = field
        self.code = code
        self.limit = limit

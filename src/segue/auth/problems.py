"""What is wrong with what somebody asks of an account, in words for people."""

from collections.abc import Mapping
from typing import Any

from segue.core.texts.lazy import LazyText
from segue.core.texts.texts import framework

__all__ = ["TEXTS", "AccountProblem"]

_ = framework.lazy_gettext

TEXTS: Mapping[str, LazyText] = {
    "login_missing": _("An account needs an e-mail address or a user name."),
    "no_email": _("Write an e-mail address, like name@example.org."),
    "no_name": _("A user name has letters, digits and . _ + - in it, and nothing else."),
    "taken": _("Somebody else has this already."),
    "short": _("Write at least {limit} characters."),
    "long": _("This is too long for a password."),
    "simple": _("This password repeats itself: it is guessed at once."),
    "common": _("This password is one of those that are tried first."),
    "known": _("This password has your name or your address in it."),
    "wrong": _("This is not your password."),
}


class AccountProblem(ValueError):
    """What was asked of an account cannot be: ``field`` says of what, ``code`` why."""

    def __init__(self, field: str, code: str, limit: Any = "") -> None:
        super().__init__(field, code, limit)
        self.field = field
        self.code = code
        self.limit = limit

    def __str__(self) -> str:
        return str(TEXTS[self.code]).replace("{limit}", str(self.limit))

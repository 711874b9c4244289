"""Sending codes by mail, and checking them."""

import hashlib
import secrets
import time
from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.emailcodes.models import EmailCode
from segue.auth.identity import id_of
from segue.auth.pages.mails import send_later
from segue.core.appkey import AppKey
from segue.core.ports import Mailer
from segue.db import UniqueViolation
from segue.http.request import Request

__all__ = ["EMAIL_CODES", "EmailCodeSteps"]

_LASTS = 600.0
_PAUSE = 60.0  # seconds between two mails to one account
_DIGITS = 8  # some guesses are let through each minute: six would be found within weeks


class EmailCodeSteps:
    """The codes by mail of the accounts of an app. ``required``: all accounts that have an address which was confirmed are asked for one."""

    def __init__(self, accounts: Accounts, *, required: bool) -> None:
        self._accounts = accounts
        self.required = required

    async def is_on(self, user: Any) -> bool:
        """Whether the account is asked for a code."""
        if not user.email or user.confirmed is None:
            return False
        known = await self._of(user)
        return self.required or (known is not None and known.wanted)

    async def send(self, request: Request, mailer: Mailer, user: Any) -> bool:
        """Sends a new code, which is good for ten minutes; False where one was sent a short while ago. The one before is worth nothing."""
        known = await self._of(user) or await self._made(user)
        code, now = "".join(secrets.choice("0123456789") for _ in range(_DIGITS)), time.time()
        due = EmailCode.where(EmailCode.id == known.id, EmailCode.sent <= now - _PAUSE)
        # Of two who ask at once, one sends.
        if not await due.update(key=_hash(known.owner, code), until=now + _LASTS, sent=now):
            return False
        shown = f"{code[:4]} {code[4:]}"
        send_later(request, mailer, user.email, "code", user=user, code=shown)
        return True

    async def check(self, user: Any, code: str, *, request: Request | None = None) -> bool:
        """Whether a code is the one that was sent. It is good once. Raises TooManyRequests after too many tries."""
        owner = id_of(user)
        await self._accounts.limited("second step", owner, request)
        typed = "".join(one for one in code if not one.isspace())
        sent = EmailCode.where(
            EmailCode.owner == owner, EmailCode.key == _hash(owner, typed), EmailCode.until > time.time()
        )
        # Of two who bring it at once, one changes the row.
        if await sent.update(key="", until=0.0, sent=0.0):
            return True
        await self._accounts.note("refused", request, user, detail="second step")
        return False

    async def turn(self, user: Any, *, on: bool, request: Request | None = None) -> None:
        """Asks for codes from now on, or not any more."""
        known = await self._of(user) or await self._made(user)
        await EmailCode.where(EmailCode.id == known.id).update(wanted=on)
        await self._accounts.note("codes by mail on" if on else "codes by mail off", request, user)

    async def _of(self, user: Any) -> EmailCode | None:
        return await EmailCode.where(EmailCode.owner == id_of(user)).first()

    async def _made(self, user: Any) -> EmailCode:
        try:
            return await EmailCode.create(owner=id_of(user))
        except UniqueViolation:  # somebody else was faster
            return await EmailCode.where(EmailCode.owner == id_of(user)).one()


def _hash(owner: str, code: str) -> str:
    return hashlib.sha256(f"{owner}\n{code}".encode("utf-8", "surrogatepass")).hexdigest()


#: Those of an app.
EMAIL_CODES: AppKey[EmailCodeSteps] = AppKey("segue.auth.emailcodes")

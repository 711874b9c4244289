"""Setting up a second step, and checking the codes."""

import hashlib
import hmac
import secrets
import time
from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.identity import id_of
from segue.auth.twofactor.models import CodeSecret, RecoveryCode
from segue.core.appkey import AppKey
from segue.db import UniqueViolation
from segue.http.request import Request
from segue.security import Cipher, InvalidSignature

__all__ = ["TWO_FACTOR", "TwoFactorSteps"]

_STEP = 30
_CODES = 10
#: Without what looks alike: 0 and O, 1 and I and L.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 12  # 59 bits: nobody tries that many


class TwoFactorSteps:
    """The second steps of the accounts of an app. ``issuer``: what the program on the telephone shows.

    Raises ImportError where the package pyotp is missing.
    """

    def __init__(self, accounts: Accounts, issuer: str) -> None:
        try:
            import pyotp
        except ImportError:
            raise ImportError(
                "codes of a telephone need the package pyotp: pip install 'segue[auth]'"
            ) from None
        self._pyotp: Any = pyotp
        self._accounts = accounts
        self._cipher = Cipher(accounts.keys, "two-factor")
        self.issuer = issuer

    # --- setting up --------------------------------------------------------------------------------------------------

    async def is_on(self, user: Any) -> bool:
        """Whether the account asks for a code."""
        return await self._of(user, confirmed=True) is not None

    async def begin(self, user: Any) -> str:
        """The address (``otpauth://``) of a new secret, for a program on a telephone. It is asked for once :meth:`confirm` was content.

        Who begins again before that gets the same secret: a page that is loaded twice is no new one.
        """
        owner = id_of(user)
        known = await CodeSecret.where(CodeSecret.owner == owner).first()
        if known is not None and known.confirmed:
            raise ValueError("this account has a second step already: turn it off first")
        if known is None:
            sealed = self._cipher.encrypt(self._pyotp.random_base32(), name=owner)
            try:
                known = await CodeSecret.create(owner=owner, sealed=sealed)
            except UniqueViolation:  # begun in another tab, just now
                known = await CodeSecret.where(CodeSecret.owner == owner).one()
        name = user.email or user.name or owner
        address: str = self._pyotp.TOTP(self._secret(known)).provisioning_uri(
            name=name, issuer_name=self.issuer
        )
        return address

    async def confirm(self, user: Any, code: str, *, request: Request | None = None) -> list[str] | None:
        """Turns the second step on if the code is right; gives the codes for paper, which nobody can read later. None if it is wrong."""
        known = await self._of(user, confirmed=False)
        if known is None or not await self._fits(known, code):
            return None
        await CodeSecret.where(CodeSecret.id == known.id).update(confirmed=True)
        await self._accounts.note("two-factor on", request, user)
        return await self.renew(user, request=request)

    async def renew(self, user: Any, *, request: Request | None = None) -> list[str]:
        """New codes for paper; the old ones are worth nothing."""
        owner = id_of(user)
        codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(_CODES)]
        await RecoveryCode.where(RecoveryCode.owner == owner).delete()
        for code in codes:
            await RecoveryCode.create(owner=owner, key=_hash(owner, code))
        await self._accounts.note("recovery codes made", request, user)
        return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]

    async def left(self, user: Any) -> int:
        """How many codes on paper are still good."""
        return await RecoveryCode.where(RecoveryCode.owner == id_of(user)).count()

    async def turn_off(self, user: Any, *, request: Request | None = None) -> None:
        """Asks for no code any more."""
        owner = id_of(user)
        await CodeSecret.where(CodeSecret.owner == owner).delete()
        await RecoveryCode.where(RecoveryCode.owner == owner).delete()
        await self._accounts.note("two-factor off", request, user)

    # --- checking ----------------------------------------------------------------------------------------------------

    async def check(self, user: Any, code: str, *, request: Request | None = None) -> bool:
        """Whether a code is right: one of the telephone, or one on paper. Each is good once.

        Raises TooManyRequests after too many tries.
        """
        owner = id_of(user)
        await self._accounts.limited("second step", owner, request)
        known = await self._of(user, confirmed=True)
        if known is None:
            return False
        typed = _normal(code)
        if await self._fits(known, typed):
            return True
        if len(typed) == _LENGTH:
            # The one of two at once that deletes it has used it.
            taken = RecoveryCode.where(RecoveryCode.owner == owner, RecoveryCode.key == _hash(owner, typed))
            if await taken.delete():
                await self._accounts.note("recovery code used", request, user)
                return True
        await self._accounts.note("refused", request, user, detail="second step")
        return False

    async def _of(self, user: Any, *, confirmed: bool) -> CodeSecret | None:
        return await CodeSecret.where(
            CodeSecret.owner == id_of(user), CodeSecret.confirmed == confirmed
        ).first()

    async def _fits(self, known: CodeSecret, code: str) -> bool:
        """Whether a code is that of now, of half a minute ago or in half a minute, and later than the one that was used last."""
        typed = _normal(code)
        if len(typed) != 6 or not typed.isascii() or not typed.isdecimal():
            return False
        totp = self._pyotp.TOTP(self._secret(known))
        now = int(time.time()) // _STEP
        for step in (now, now - 1, now + 1):
            if hmac.compare_digest(totp.generate_otp(step), typed):
                used = CodeSecret.where(CodeSecret.id == known.id, CodeSecret.last < step)
                # Of two who bring the same code at once, one changes the row.
                return await used.update(last=step) == 1
        return False

    def _secret(self, known: CodeSecret) -> str:
        try:
            return self._cipher.decrypt(known.sealed, name=known.owner).decode()
        except InvalidSignature:
            raise RuntimeError(
                "the secret of a second step cannot be read: the key of the app was changed, and the old one is not among "
                "SECURITY_OLD_KEYS"
            ) from None


def _normal(code: str) -> str:
    """A code without what people put into it."""
    return "".join(one for one in code[:64].upper() if one not in " -\t")


def _hash(owner: str, code: str) -> str:
    return hashlib.sha256(f"{len(owner)}:{owner}{code}".encode("utf-8", "surrogatepass")).hexdigest()


#: Those of an app.
TWO_FACTOR: AppKey[TwoFactorSteps] = AppKey("segue.auth.twofactor")

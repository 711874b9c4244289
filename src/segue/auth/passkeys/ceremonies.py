"""Adding a passkey and signing in with one: a challenge, and what an authenticator makes of it (Web Authentication, level 2)."""

import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from segue.auth.accounts import Accounts
from segue.auth.identity import id_of
from segue.auth.passkeys.model import Passkey
from segue.core.appkey import AppKey
from segue.db import UniqueViolation
from segue.http.request import Request
from segue.security import client_network, session_of
from segue.security.signing import InvalidSignature, decode_base64, encode_base64

__all__ = ["PASSKEYS", "PasskeyCeremonies", "PasskeyRefused"]

_CHALLENGE = "passkey challenge"
_PATIENCE = 300.0  # seconds from a challenge to its answer
_MOST = 20  # passkeys of one account


class PasskeyRefused(Exception):
    """What an authenticator has said does not prove anything; the message is for the log."""


class _Asked(msgspec.Struct):
    """A challenge that a browser has got."""

    challenge: str
    purpose: str
    at: float


class PasskeyCeremonies:
    """The passkeys of the accounts of an app. ``title``: what browsers show.

    Passkeys belong to the host of ``Auth(origin=...)``, or else to that of the request. They have to verify who uses them (a fingerprint, a PIN):
    so one is two steps in one. Raises ImportError where the package webauthn is missing.
    """

    def __init__(self, accounts: Accounts, title: str) -> None:
        try:
            import webauthn
        except ImportError:
            raise ImportError("passkeys need the package webauthn: pip install 'segue[auth]'") from None
        self._library = webauthn
        self._accounts = accounts
        self.title = title

    # --- adding one --------------------------------------------------------------------------------------------------

    async def begin_adding(self, request: Request, user: Any) -> dict[str, Any]:
        """What ``navigator.credentials.create`` needs. Raises PasskeyRefused for an account that has too many."""
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        known = await self.of(user)
        if len(known) >= _MOST:
            raise PasskeyRefused("the account has as many passkeys as it may")
        handle = decode_base64(known[0].handle) if known else secrets.token_bytes(32)
        name = user.email or user.name or id_of(user)
        options = self._library.generate_registration_options(
            rp_id=self._host(request),
            rp_name=self.title,
            user_id=handle,
            user_name=name,
            user_display_name=name,
            challenge=await self._challenge(request, f"add {encode_base64(handle)}"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=decode_base64(one.credential)) for one in known
            ],
        )
        said: dict[str, Any] = json.loads(self._library.options_to_json(options))
        return said

    async def add(self, request: Request, user: Any, answer: dict[str, Any], name: str) -> Passkey:
        """Keeps the passkey that an authenticator has made. Raises PasskeyRefused."""
        from webauthn.helpers.exceptions import WebAuthnException

        challenge, purpose = await self._answered(request, "add ")
        try:
            made = self._library.verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._host(request),
                expected_origin=self._origin(request),
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyRefused(f"{type(error).__name__}: {error!s:.200}") from error
        try:
            passkey = await Passkey.create(
                owner=id_of(user),
                handle=purpose,
                credential=encode_base64(made.credential_id),
                public=encode_base64(made.credential_public_key),
                count=made.sign_count,
                name=_shown(name),
                synced=made.credential_backed_up,
            )
        except UniqueViolation:
            raise PasskeyRefused("this passkey is known already") from None
        await self._accounts.note("passkey added", request, user, detail=passkey.name)
        return passkey

    async def of(self, user: Any) -> list[Passkey]:
        """The passkeys of an account, the oldest first."""
        return await Passkey.where(Passkey.owner == id_of(user)).order_by(Passkey.id)

    async def remove(self, request: Request, user: Any, id: int) -> bool:
        """Takes a passkey away; False if it is not theirs, or the only way in that the account has."""
        mine = await self.of(user)
        if not any(one.id == id for one in mine) or (user.password is None and len(mine) == 1):
            return False
        await Passkey.where(Passkey.id == id, Passkey.owner == id_of(user)).delete()
        await self._accounts.note("passkey removed", request, user)
        return True

    # --- signing in --------------------------------------------------------------------------------------------------

    async def begin_sign_in(self, request: Request) -> dict[str, Any]:
        """What ``navigator.credentials.get`` needs: the same for everybody, as nobody has said yet who they are."""
        from webauthn.helpers.structs import UserVerificationRequirement

        options = self._library.generate_authentication_options(
            rp_id=self._host(request),
            challenge=await self._challenge(request, "sign in "),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        said: dict[str, Any] = json.loads(self._library.options_to_json(options))
        return said

    async def sign_in(self, request: Request, answer: dict[str, Any]) -> Any:
        """Signs in whose passkey has answered; their account. Raises PasskeyRefused, and TooManyRequests after too many tries."""
        from webauthn.helpers.exceptions import WebAuthnException

        limiter, options = self._accounts.limiter, self._accounts.options
        await limiter.take("auth passkey from", client_network(request), options.limit)
        challenge, _ = await self._answered(request, "sign in ")
        given = answer.get("id")
        known = None
        if isinstance(given, str) and len(given) <= 1400:
            known = await Passkey.where(Passkey.credential == given).first()
        if known is None:
            raise PasskeyRefused("no account has this passkey")
        try:
            proven = self._library.verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=self._host(request),
                expected_origin=self._origin(request),
                credential_public_key=decode_base64(known.public),
                credential_current_sign_count=known.count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError, InvalidSignature) as error:
            raise PasskeyRefused(f"{type(error).__name__}: {error!s:.200}") from error
        if _handle_of(answer) not in (None, known.handle):
            raise PasskeyRefused("the authenticator names another account")
        user = await self._accounts.by_id(known.owner)
        if user is None or not self._accounts.is_open(user):
            await self._accounts.note("refused", request, user, detail="passkey")
            raise PasskeyRefused("the account may not be used")
        await Passkey.where(Passkey.id == known.id).update(
            count=proven.new_sign_count, used=datetime.now(UTC)
        )
        await self._accounts.sign_ins.sign_in(request, user, method="passkey")
        return user

    # --- what both have in common ------------------------------------------------------------------------------------

    async def _challenge(self, request: Request, purpose: str) -> bytes:
        challenge = secrets.token_bytes(32)
        session = await session_of(request)
        session[_CHALLENGE] = msgspec.to_builtins(_Asked(encode_base64(challenge), purpose, time.time()))
        return challenge

    async def _answered(self, request: Request, purpose: str) -> tuple[bytes, str]:
        """The challenge of this visitor, which is good for one answer, and what was kept with it."""
        session = await session_of(request)
        kept = session.pop(_CHALLENGE, None)
        asked = None if kept is None else msgspec.convert(kept, _Asked)
        if (
            asked is None
            or not asked.purpose.startswith(purpose)
            or not 0 <= time.time() - asked.at <= _PATIENCE
        ):
            raise PasskeyRefused("nothing was asked that this answers, or it was too long ago")
        return decode_base64(asked.challenge), asked.purpose.removeprefix(purpose)

    def _origin(self, request: Request) -> str:
        return self._accounts.options.origin or f"{request.scheme}://{request.host}"

    def _host(self, request: Request) -> str:
        return urlsplit(self._origin(request)).hostname or ""


def _handle_of(answer: dict[str, Any]) -> str | None:
    """Whom the authenticator means."""
    response = answer.get("response")
    said = response.get("userHandle") if isinstance(response, dict) else None
    return said if isinstance(said, str) and said else None


def _shown(name: str) -> str:
    kept = "".join(one for one in name.strip() if one.isprintable())[:80]
    return kept or "Passkey"


#: Those of an app.
PASSKEYS: AppKey[PasskeyCeremonies] = AppKey("segue.auth.passkeys")

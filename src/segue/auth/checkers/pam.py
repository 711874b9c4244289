"""The accounts of the system (PAM): whoever may log in on this machine."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from segue.auth.checkers.source import PasswordSource
from segue.auth.external.person import Person, SignInFailed

__all__ = ["PAM"]

#: What answers is slow on purpose after a wrong password; others wait no longer for that than they have to.
_AT_ONCE = 4
_executor = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="segue-pam")


class PAM(PasswordSource, frozen=True, kw_only=True):
    """The system says whether a password is right, by the rules of ``/etc/pam.d/<service>``.

        CheckPasswordsWith(PAM(name="system", title="System", service="films"))

    Whether the account is over or locked is asked too. ``domain``: the accounts get addresses in it, such as ``ann@example.org``, which are believed; without one they have
    a user name only. Reading the shadow passwords takes the rights for it: a process that has given them up may ask for its own user only.

    Needs the package python-pam: ``pip install 'segue[pam]'``.
    """

    service: str = "login"
    domain: str = ""

    async def check(self, login: str, password: str) -> Person | None:
        """Whom the system knows by this name and password. Raises SignInFailed where it cannot be asked."""
        name = login.removesuffix(f"@{self.domain}") if self.domain else login
        if "@" in name or not await asyncio.get_running_loop().run_in_executor(
            _executor, self._fits, name, password
        ):
            return None
        email = f"{name}@{self.domain}" if self.domain else ""
        claims = {"sub": name, "email": email, "email_verified": bool(email), "preferred_username": name}
        return Person.of(self.name, claims)

    def _fits(self, name: str, password: str) -> bool:
        try:
            import pam  # type: ignore[import-untyped, unused-ignore] # it may be missing, and has no types everywhere
        except ImportError:
            raise ImportError(
                "accounts of the system need the package python-pam: pip install 'segue[pam]'"
            ) from None
        try:
            # One for each question: it holds a handle of the library. This process gets nobody's credentials: it is asked who somebody is.
            authenticator = pam.PamAuthenticator()
            return bool(authenticator.authenticate(name, password, service=self.service, resetcreds=False))
        except OSError as error:
            raise SignInFailed(f"the system does not say who somebody is: {error}") from error

"""The plugin that has passwords checked elsewhere."""

import logging
from typing import Any

from segue.auth.accounts import ACCOUNTS, Accounts
from segue.auth.checkers.source import PasswordSource
from segue.auth.external.linking import Linking, NotLinked
from segue.auth.external.model import ExternalAccount
from segue.auth.external.person import SignInFailed
from segue.core.plugins.setup import Setup
from segue.http.request import Request

__all__ = ["CheckPasswordsWith"]

logger = logging.getLogger("segue.auth")


class CheckPasswordsWith:
    """Plugin: people sign in on the login page with passwords that a directory, or the system, knows.

        directory = LDAP(name="staff", title="Staff", url="ldaps://ldap.example.org", base="ou=people,dc=example,dc=org")
        app = App(plugins=[Database(), Auth(names=True), CheckPasswordsWith(directory)])

    The password of the account here is tried first, if it has one; then each source in its order. Whom a source names has an account here that is linked to it:
    rights, groups, sessions and the audit log are those of all accounts.
    """

    name = "check passwords with"
    needs = ("auth",)

    def __init__(self, *sources: PasswordSource) -> None:
        names = [one.name for one in sources]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"CheckPasswordsWith takes sources, each with a name of its own, not {names}")
        self._sources = sources

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (ExternalAccount,)

    def setup(self, to: Setup) -> None:
        """Lets each source say whether a password is right."""
        accounts = to.app[ACCOUNTS]
        for source in self._sources:
            accounts.sign_ins.checkers.append(_Checker(source, accounts))


class _Checker:
    def __init__(self, source: PasswordSource, accounts: Accounts) -> None:
        self._source = source
        self._linking = Linking(accounts)

    async def __call__(self, login: str, password: str, request: Request | None) -> Any:
        # A directory takes a bind without a password for one that nobody asks to be anybody: it succeeds (RFC 4513, section 5.1.2).
        both = login + password
        if not login or not password or "\0" in both or both.encode("utf-8", "replace").decode() != both:
            return None
        try:
            person = await self._source.check(login, password)
        except SignInFailed as failed:
            logger.warning("%s does not say whether a password is right: %s", self._source.name, failed)
            return None
        if person is None:
            return None
        try:
            return await self._linking.account_of(person, self._source, request)
        except NotLinked as error:
            logger.warning("%s knows somebody who has no account here: %s", self._source.name, error.reason)
            return None

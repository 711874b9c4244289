"""The plugin that lets people sign in with passkeys."""

from typing import Any

from segue.auth.accounts import ACCOUNTS
from segue.auth.passkeys.ceremonies import PASSKEYS, PasskeyCeremonies
from segue.auth.passkeys.model import Passkey
from segue.auth.passkeys.pages import declare
from segue.auth.signins import Way
from segue.core.app import App
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework

__all__ = ["Passkeys"]


class Passkeys:
    """Plugin: people sign in with a fingerprint, a face, a PIN or a key, at ``/login/passkey``.

        app = App(plugins=[Database(), Auth(origin="https://films.example"), Passkeys(title="Films")])

    They add and remove passkeys at ``/account/passkeys``. ``title``: what browsers show; by default the name of the app. ``at``: where the pages of Auth
    stand. Browsers offer passkeys on HTTPS only, and on ``localhost``.
    """

    name = "passkeys"
    needs = ("auth",)

    def __init__(self, *, title: str = "", at: str = "/") -> None:
        self._title = title
        self._at = at

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (Passkey,)

    def setup(self, to: Setup) -> None:
        """Adds the pages."""
        accounts = to.app[ACCOUNTS]
        ceremonies = to.app[PASSKEYS] = PasskeyCeremonies(accounts, self._title or to.app.name)
        accounts.sign_ins.ways.append(
            Way("passkeys.sign_in", framework.lazy_gettext("Sign in with a passkey"))
        )
        accounts.sign_ins.settings.append(Way("passkeys.home", framework.lazy_gettext("Passkeys")))
        # Who signs in has not signed in yet; what is for others asks for it itself.
        pages = App("passkeys", documented=False, cache=0, public=True)
        declare(pages, ceremonies)
        to.include(pages, at=self._at)

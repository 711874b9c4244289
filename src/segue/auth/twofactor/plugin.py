"""The plugin that asks for a second step."""

from typing import Any

from segue.auth.accounts import ACCOUNTS
from segue.auth.signins import Way
from segue.auth.twofactor.models import CodeSecret, RecoveryCode
from segue.auth.twofactor.pages import declare
from segue.auth.twofactor.steps import TWO_FACTOR, TwoFactorSteps
from segue.core.app import App
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.http.request import Request

__all__ = ["TwoFactor"]


class TwoFactor:
    """Plugin: people may have their account ask for a code of their telephone when they sign in.

        app = App(plugins=[Database(), Auth(), TwoFactor()])

    They turn it on at ``/account/two-factor``, and get codes on paper for the day they lose the telephone. Who signs in with a passkey is not asked:
    that is two steps in one. ``issuer``: what the program on the telephone shows; by default the name of the app. ``at``: where the pages of Auth stand.
    """

    name = "two-factor"
    needs = ("auth",)

    def __init__(self, *, issuer: str = "", at: str = "/") -> None:
        self._issuer = issuer
        self._at = at

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (CodeSecret, RecoveryCode)

    def setup(self, to: Setup) -> None:
        """Adds the step, and its pages."""
        accounts = to.app[ACCOUNTS]
        steps = to.app[TWO_FACTOR] = TwoFactorSteps(accounts, self._issuer or to.app.name)

        async def second_step(request: Request, user: Any) -> str | None:
            return request.url_for("two_factor.code") if await steps.is_on(user) else None

        accounts.sign_ins.second_steps.append(second_step)
        accounts.sign_ins.settings.append(
            Way("two_factor.home", framework.lazy_gettext("Codes of a telephone"))
        )
        # Who signs in has not signed in yet; what is for others asks for it itself.
        pages = App("two_factor", documented=False, cache=0, public=True)
        declare(pages, accounts, steps)
        to.include(pages, at=self._at)

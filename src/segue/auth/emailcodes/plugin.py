"""The plugin that asks for a code by mail."""

from typing import Any

from segue.auth.accounts import ACCOUNTS
from segue.auth.emailcodes.codes import EMAIL_CODES, EmailCodeSteps
from segue.auth.emailcodes.models import EmailCode
from segue.auth.emailcodes.pages import declare
from segue.auth.signins import Way
from segue.core.app import App
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.http.request import Request

__all__ = ["EmailCodes"]


class EmailCodes:
    """Plugin: who signs in with a password is asked for a code that comes by mail.

        app = App(plugins=[Database(), Auth(), EmailCodes()])

    People turn it on at ``/account/mailed-codes``; ``required=True`` asks all whose address was confirmed. Beside TwoFactor, who has codes of a telephone
    is asked for these: list it first. ``at``: where the pages of Auth stand.
    """

    name = "email-codes"
    needs = ("auth",)
    wants = ("two-factor",)

    def __init__(self, *, required: bool = False, at: str = "/") -> None:
        self._required = required
        self._at = at

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (EmailCode,)

    def setup(self, to: Setup) -> None:
        """Adds the step, and its pages."""
        accounts = to.app[ACCOUNTS]
        steps = to.app[EMAIL_CODES] = EmailCodeSteps(accounts, required=self._required)

        async def second_step(request: Request, user: Any) -> str | None:
            return request.url_for("email_codes.code") if await steps.is_on(user) else None

        accounts.sign_ins.second_steps.append(second_step)
        accounts.sign_ins.settings.append(Way("email_codes.home", framework.lazy_gettext("Codes by mail")))
        pages = App("email_codes", documented=False, cache=0, public=True)
        declare(pages, accounts, steps)
        to.include(pages, at=self._at)

"""The pages as an app that is included."""

from segue.auth.accounts import Accounts
from segue.auth.pages import signing
from segue.core.app import App

__all__ = ["pages_of"]


def pages_of(accounts: Accounts) -> App:
    """The pages for the accounts of an app. Its own templates ``auth/*.html`` hide those of this package."""
    app = App("auth", documented=False)
    app.templates("segue.auth:templates")
    signing.declare(app, accounts)
    return app

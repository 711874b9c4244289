"""The pages as an app that is included."""

from segue.auth.accounts import Accounts
from segue.auth.pages import acting, confirming, forgotten, home, passwords, places, registering, signing
from segue.core.app import App

__all__ = ["pages_of"]


def pages_of(accounts: Accounts) -> App:
    """The pages for the accounts of an app. No cache keeps them, and no link from them tells where it stood."""
    app = App("auth", documented=False, cache=0, public=True, headers={"referrer-policy": "same-origin"})
    for area in (signing, registering, confirming, forgotten, passwords, home, places, acting):
        area.declare(app, accounts)
    return app

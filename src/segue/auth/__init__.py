"""Accounts: people register, sign in and out, and handlers know who they are and what they may do.

    from segue.auth import Auth, User
    from segue.db import Database

    app = App(plugins=[Database(), Auth()])

    @app.get("/me")
    async def me(user: User) -> str:
        return f"Hello {user.email}"

- ``plugin``: Auth, which an app lists; ``options``: what it decides
- ``models``: the account, groups, what was permitted, browsers that are remembered, the audit log
- ``accounts``: making and changing accounts, ``directory``: finding them; ``names``: how addresses and names are written
- ``signins``: who is signed in; ``devices``: "remember me"; ``places``: where somebody is signed in; ``identity``: who it is
- ``passwords``: hashing, older hashes, which are too weak
- ``guards``: who may go on
- ``pages``, ``templates``, ``texts``: what people see

Nothing of it is loaded before it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue.auth.accounts import Accounts, accounts_of
    from segue.auth.guards import freshly
    from segue.auth.identity import EVERYONE, SIGNED_IN, SignedIn
    from segue.auth.models.account import Account
    from segue.auth.models.device import Device
    from segue.auth.models.event import AuthEvent
    from segue.auth.models.grant import Grant
    from segue.auth.models.group import Group
    from segue.auth.models.user import User
    from segue.auth.passwords.hashing import Passwords
    from segue.auth.passwords.strength import Strength
    from segue.auth.places import Place
    from segue.auth.plugin import Auth
    from segue.auth.problems import AccountProblem

__all__ = [
    "EVERYONE",
    "SIGNED_IN",
    "Account",
    "AccountProblem",
    "Accounts",
    "Auth",
    "AuthEvent",
    "Device",
    "Grant",
    "Group",
    "Passwords",
    "Place",
    "SignedIn",
    "Strength",
    "User",
    "accounts_of",
    "freshly",
]

_IN_MODULE = {
    "Account": "models.account",
    "AccountProblem": "problems",
    "Accounts": "accounts",
    "Auth": "plugin",
    "AuthEvent": "models.event",
    "Device": "models.device",
    "EVERYONE": "identity",
    "Grant": "models.grant",
    "Group": "models.group",
    "Passwords": "passwords.hashing",
    "Place": "places",
    "SIGNED_IN": "identity",
    "SignedIn": "identity",
    "Strength": "passwords.strength",
    "User": "models.user",
    "accounts_of": "accounts",
    "freshly": "guards",
}


def __getattr__(name: str) -> Any:
    if name in _IN_MODULE:
        import importlib

        return getattr(importlib.import_module(f"segue.auth.{_IN_MODULE[name]}"), name)
    raise AttributeError(f"module 'segue.auth' has no attribute {name!r}")

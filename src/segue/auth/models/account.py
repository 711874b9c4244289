"""An account: the fields that signing in needs, for a user model of your own."""

import secrets
from datetime import UTC, datetime
from typing import Literal

from segue.auth.models.group import Group
from segue.db.models.fields import Field, Many, field, related
from segue.db.models.model import Model

__all__ = ["Account", "State", "new_stamp"]

State = Literal["active", "waiting", "blocked"]
"""``waiting``: somebody has yet to approve it. ``blocked``: it may not sign in."""


def _now() -> datetime:
    return datetime.now(UTC)


def new_stamp() -> str:
    """A text that no account had before."""
    return secrets.token_hex(16)


class Account(Model, abstract=True):
    """The base of a user model of your own: whatever fields an app needs besides, added by an ordinary migration.

        class User(Account, table="segue_user"):
            display_name: Field[str] = field(default="", max_length=80)

        app = App(plugins=[Database(), Auth(User)])

    With the table ``segue_user`` it takes the place of :class:`segue.auth.User`: nothing has to be moved.

    ``email``, ``name``: what somebody signs in with; each is nobody else's, and kept as :mod:`segue.auth.names` writes it.
    ``password``: a hash, None for who has none. ``stamp``: changes with the password; what was given out before is worth nothing
    then. ``confirmed``: when the owner of the address has answered. ``is_admin``: may do everything.
    """

    email: Field[str | None] = field(default=None, unique=True, max_length=254)
    name: Field[str | None] = field(default=None, unique=True, max_length=150)
    password: Field[str | None] = field(default=None, private=True, max_length=255)
    stamp: Field[str] = field(default_factory=new_stamp, private=True, max_length=32)
    state: Field[State] = field(default="active", read_only=True, max_length=20)
    is_admin: Field[bool] = field(default=False, read_only=True)
    confirmed: Field[datetime | None] = field(default=None, read_only=True)
    language: Field[str | None] = field(default=None, max_length=35)
    created: Field[datetime] = field(default_factory=_now, read_only=True)
    last_login: Field[datetime | None] = field(default=None, read_only=True)
    groups: Many[Group] = related()

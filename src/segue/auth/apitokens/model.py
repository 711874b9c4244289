"""What is kept of a token: a hash, what it is for, and when it was used."""

from datetime import UTC, datetime

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["APIToken"]


def _now() -> datetime:
    return datetime.now(UTC)


class APIToken(Model, table="segue_api_token"):
    """A token of an account. ``key``: a hash of it; ``owner``: the key of the account, as text.

    ``scopes``: what it is for, separated by blanks. ``until``: None is for ever. ``used``: to the minute.
    """

    key: Field[str] = field(unique=True, max_length=64, private=True)
    owner: Field[str] = field(max_length=64, index=True)
    name: Field[str] = field(max_length=80)
    scopes: Field[str] = field(default="", max_length=1000)
    created: Field[datetime] = field(default_factory=_now)
    until: Field[datetime | None] = field(default=None)
    used: Field[datetime | None] = field(default=None)

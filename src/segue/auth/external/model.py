"""Whose account here somebody of a provider is."""

from datetime import UTC, datetime

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["ExternalAccount"]


def _now() -> datetime:
    return datetime.now(UTC)


class ExternalAccount(Model, table="segue_external_account"):
    """An account elsewhere that is linked to one here. ``key``: the provider and its name for them, nobody else's.

    ``owner``: the key of the account here, as text. ``email``: what the provider said when it was linked.
    """

    key: Field[str] = field(unique=True, max_length=300, private=True)
    provider: Field[str] = field(max_length=31)
    owner: Field[str] = field(max_length=64, index=True)
    email: Field[str] = field(default="", max_length=254)
    linked: Field[datetime] = field(default_factory=_now)
    used: Field[datetime] = field(default_factory=_now)

"""What is kept of a passkey: its public half."""

from datetime import UTC, datetime

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["Passkey"]


def _now() -> datetime:
    return datetime.now(UTC)


class Passkey(Model, table="segue_passkey"):
    """A passkey of an account. ``owner``: the key of the account, as text; ``handle``: what the authenticator knows the account by.

    ``credential``: its id, ``public``: the public key, both in base64url. ``count``: how often it was used, as it says itself: one that
    counts backwards was copied. ``synced``: it is on more than one device.
    """

    owner: Field[str] = field(max_length=64, index=True)
    handle: Field[str] = field(max_length=90, private=True)
    credential: Field[str] = field(unique=True, max_length=1400, private=True)
    public: Field[str] = field(text=True, private=True)
    count: Field[int] = field(default=0)
    name: Field[str] = field(default="", max_length=80)
    synced: Field[bool] = field(default=False)
    created: Field[datetime] = field(default_factory=_now)
    used: Field[datetime | None] = field(default=None)

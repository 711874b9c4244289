"""The audit log: who signed in, who tried to, whose password was changed, and by whom."""

from datetime import UTC, datetime

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["AuthEvent"]


class AuthEvent(Model, table="segue_auth_event"):
    """Something that happened to an account.

    ``kind``: ``signed in``, ``refused``, ``password changed`` and so on. ``owner``: the key of the account, empty where there is
    none. ``by``: who did it, where that is somebody else. ``detail``: what else there is to say.
    """

    at: Field[datetime] = field(default_factory=lambda: datetime.now(UTC), index=True)
    kind: Field[str] = field(max_length=40)
    owner: Field[str] = field(default="", max_length=64, index=True)
    by: Field[str] = field(default="", max_length=64)
    address: Field[str] = field(default="", max_length=64)
    agent: Field[str] = field(default="", max_length=250)
    detail: Field[str] = field(default="", max_length=250)

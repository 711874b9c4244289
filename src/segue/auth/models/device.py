"""A browser that stays signed in: "remember me"."""

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["Device"]


class Device(Model, table="segue_device"):
    """A browser that was told to remember an account. ``key``: a hash of what is in its cookie.

    ``owner``: the key of the account, as text. ``created``, ``used``, ``until``: seconds since 1970.
    """

    key: Field[str] = field(unique=True, max_length=64, private=True)
    owner: Field[str] = field(max_length=64, index=True)
    stamp: Field[str] = field(max_length=32, private=True)
    agent: Field[str] = field(default="", max_length=250)
    address: Field[str] = field(default="", max_length=64)
    created: Field[float]
    used: Field[float]
    until: Field[float] = field(index=True)

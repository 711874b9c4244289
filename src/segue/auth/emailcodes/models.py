"""What is kept of codes by mail: who wants them, and a hash of the one that was sent last."""

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["EmailCode"]


class EmailCode(Model, table="segue_email_code"):
    """The codes of an account. ``owner``: the key of the account, as text.

    ``wanted``: codes are asked for. ``key``: a hash of the one that was sent last, empty for none; ``until``: seconds since 1970 when it is over; ``sent``: when it was sent.
    """

    owner: Field[str] = field(unique=True, max_length=64)
    wanted: Field[bool] = field(default=False)
    key: Field[str] = field(default="", private=True, max_length=64)
    until: Field[float] = field(default=0.0)
    sent: Field[float] = field(default=0.0)

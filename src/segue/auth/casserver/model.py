"""What is kept of a ticket until a program has asked for it."""

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["ServiceTicket"]


class ServiceTicket(Model, table="segue_service_ticket"):
    """A ticket for one program. ``key``: a hash of it; ``owner``: the key of the account, as text; ``service``: a hash of the address it was given for.

    ``proven``: seconds since 1970 when the password was given last; ``fresh``: it was given for this ticket; ``until``: when it is over.
    """

    key: Field[str] = field(unique=True, max_length=64, private=True)
    owner: Field[str] = field(max_length=64, index=True)
    stamp: Field[str] = field(max_length=32, private=True)
    service: Field[str] = field(max_length=64)
    proven: Field[float]
    fresh: Field[bool] = field(default=False)
    until: Field[float] = field(index=True)

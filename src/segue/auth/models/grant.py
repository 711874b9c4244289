"""What somebody was permitted: to do something with a model, with one of its rows, or at all."""

from segue.db.models.constraints import unique
from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["Grant"]


class Grant(Model, table="segue_grant"):
    """A permission that was given.

    ``to``: a principal, such as ``user:7`` or ``group:staff/editors``. ``permission``: ``view``, ``add``, ``change``, ``delete``, or
    a word of your own. ``model``: the table that it is about, empty for none. ``row``: the key of one row, empty for all.
    """

    constraints = (unique("to", "permission", "model", "row"),)

    to: Field[str] = field(max_length=170, column="principal")
    permission: Field[str] = field(max_length=80)
    model: Field[str] = field(default="", max_length=63, index=True)
    row: Field[str] = field(default="", max_length=64, column="row_key")

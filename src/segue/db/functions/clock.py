"""The time by the clock of the database."""

from datetime import datetime

from segue.db.models.kinds import kind_of
from segue.db.queries.expressions import Expr, Function

__all__ = ["now"]


def now() -> Expr[datetime]:
    """Gives the time of the transaction, by the clock of the database: ``field(default=now)``."""
    return Function("now", (), kind_of(datetime))


now.__segue_function__ = True  # type: ignore[attr-defined] # a default that the database computes

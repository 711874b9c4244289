"""What may be said of a database, beside what its engine takes."""

from collections.abc import Sequence
from typing import Literal

from segue.db.engine.options import EngineOptions

__all__ = ["DatabaseOptions"]


class DatabaseOptions(EngineOptions, total=False):
    """Named arguments of ``Database``, with those of the engine."""

    transaction: Literal["request"]
    """``"request"``: each request of the app is one transaction, begun with its first statement. A status of 400 and more undoes it."""
    retries: int
    """How often such a request is tried again when the database says that somebody was in its way."""
    replicas: Sequence[str]
    """URLs of copies that are read: by everybody who has not written in the same request."""
    primary_params: Sequence[str]
    """Parameters of the URL, ``?fresh=1``, with which a request reads from the primary alone."""
    slow: float
    """A statement that takes longer, in seconds, is a warning in the log, with the line that made it."""

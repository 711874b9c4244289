"""What can go wrong with models and queries; what the database itself says is in ``engine/errors.py``."""

from collections.abc import Sequence
from typing import Any

from segue.http.errors import Conflict, NotFound, UnprocessableContent

__all__ = [
    "Ambiguous",
    "ConfigurationError",
    "Missing",
    "NotLoaded",
    "Stale",
    "UnusableValue",
    "ValidationError",
]


class NotLoaded(AttributeError):
    """Something was read of a related object that was not loaded. The message says what to add to the query."""


class Missing(NotFound):
    """No object answers: ``Post.get(7)``, ``query.one()``. In a handler it is a 404."""


class Ambiguous(LookupError):
    """``one()`` found more than one object."""


class ConfigurationError(RuntimeError):
    """There is no database to ask, or it cannot do what was asked of it."""


class Stale(Conflict):
    """Somebody else changed or deleted the object since it was loaded. In a handler it is a 409."""


class UnusableValue(UnprocessableContent, ValueError):
    """A query was given a value that no database can compare with: text with NUL, NaN, a number of 70 bits. In a handler it is a 422."""

    def __init__(self, value: Any, why: str, what: str = "") -> None:
        self.value = value
        self.why = why
        super().__init__(f"{what}{': ' if what else ''}{value!a:.80} {why}")


class ValidationError(UnprocessableContent):
    """An object has values that its model does not allow: ``problems`` has one entry for each. In a handler it is a 422.

    ``model``: its class. ``problems``: mappings with ``loc``, the path to the field, and ``msg``, what is wrong with it.
    """

    def __init__(self, model: Any, problems: Sequence[dict[str, Any]]) -> None:
        self.model = model
        self.problems = list(problems)
        told = "; ".join(
            f"{model.__name__}.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in self.problems
        )
        super().__init__(told, errors=self.problems)

"""Encrypted columns in queries: the database cannot compare what it cannot read."""

from segue.db.queries.expressions import Column

__all__ = ["refuse_encrypted"]

_NULLS = frozenset({"is null", "is not null"})
_EQUAL = frozenset({"=", "!=", "in"})


def refuse_encrypted(column: "Column[object]", operator: str) -> None:
    """Raises TypeError for a question about an encrypted column that nobody can answer.

    A cipher that writes the same for the same says so, ``deterministic = True``: then ``==``, ``!=`` and ``is_in`` are answered.
    """
    if operator in _NULLS:
        return
    if operator in _EQUAL and getattr(column.field.options.encrypted, "deterministic", False):
        return
    raise TypeError(
        f"{column!r} is encrypted: the database can neither compare nor order it, only tell whether it is None. Compare in Python, or "
        f"keep what is looked for in a column of its own, a keyed hash of the value for example"
    )

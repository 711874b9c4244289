"""SQLSTATE: the codes of errors that databases have in common (ISO/IEC 9075, and PostgreSQL's manual, appendix A)."""

from segue.db.engine.errors import (
    CheckViolation,
    ConnectionLost,
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    DatabaseReadOnly,
    DataError,
    Deadlock,
    ForeignKeyViolation,
    IntegrityError,
    LockTimeout,
    NotNullViolation,
    ProgrammingError,
    SerializationFailure,
    StatementTimeout,
    UniqueViolation,
)

__all__ = ["kind_of"]

_BY_STATE: dict[str, type[DatabaseError]] = {
    "23502": NotNullViolation,
    "23503": ForeignKeyViolation,
    "23505": UniqueViolation,
    "23514": CheckViolation,
    "23P01": CheckViolation,
    "25006": DatabaseReadOnly,
    "40001": SerializationFailure,
    "40P01": Deadlock,
    "53100": DatabaseFull,
    "53300": ConnectionLost,
    "55P03": LockTimeout,
    "57014": StatementTimeout,
    "57P01": ConnectionLost,
    "57P02": ConnectionLost,
    "57P03": ConnectionLost,
    "57P05": ConnectionLost,
    "XX001": DatabaseCorrupt,
    "XX002": DatabaseCorrupt,
}
_BY_CLASS: dict[str, type[DatabaseError]] = {
    "08": ConnectionLost,
    "0A": ProgrammingError,
    "22": DataError,
    "23": IntegrityError,
    "26": ProgrammingError,
    "34": ProgrammingError,
    "3D": ProgrammingError,
    "3F": ProgrammingError,
    "42": ProgrammingError,
}


def kind_of(state: str) -> type[DatabaseError] | None:
    """The error for an SQLSTATE: by the whole code, else by its class."""
    return _BY_STATE.get(state) or _BY_CLASS.get(state[:2])

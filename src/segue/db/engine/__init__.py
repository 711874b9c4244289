"""What talks to databases: one contract, an engine for each kind of database, one set of errors.

    engine = engine_for("sqlite:///app.db")
    await engine.open()
    rows = await engine.fetch("SELECT title FROM film WHERE id = ?", [7])

- what an engine is: ``contract``; which one it is: ``choice``, ``url``, ``options``
- what can go wrong: ``errors``
- SQLite: ``sqlite``, ``sqlite_connection``, ``sqlite_session`` (what runs on the loop), ``sqlite_place``, ``worker`` (threads)
- the others: ``pooled`` over a ``driver`` (``postgres``, ``mysql``, ``oracle``, ``sqlalchemy``), with ``pool``, ``deadlines``,
  ``sessions`` (what a statement leaves behind) and ``alchemy`` (DDL and migrations)
- what each of them says, as our errors: ``sqlstates`` and the files named ``*_errors``
"""

from segue.db.engine.choice import engine_for
from segue.db.engine.contract import Connection, Engine, Isolation, Row, Statistics
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
    PoolTimeout,
    ProgrammingError,
    SerializationFailure,
    StaleStatement,
    StatementTimeout,
    UniqueViolation,
)
from segue.db.engine.options import EngineOptions

__all__ = [
    "CheckViolation",
    "Connection",
    "ConnectionLost",
    "DataError",
    "DatabaseCorrupt",
    "DatabaseError",
    "DatabaseFull",
    "DatabaseReadOnly",
    "Deadlock",
    "Engine",
    "EngineOptions",
    "ForeignKeyViolation",
    "IntegrityError",
    "Isolation",
    "LockTimeout",
    "NotNullViolation",
    "PoolTimeout",
    "ProgrammingError",
    "Row",
    "SerializationFailure",
    "StaleStatement",
    "StatementTimeout",
    "Statistics",
    "UniqueViolation",
    "engine_for",
]

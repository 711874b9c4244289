"""The kinds of databases that the suite runs over, and how each of them writes what differs."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from segue.db.engine import Engine, engine_for

KINDS = [
    pytest.param("memory", id="memory"),
    pytest.param("sqlite", id="sqlite"),
    pytest.param("sqlalchemy", id="sqlalchemy"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.requires("postgresql")),
    pytest.param("mariadb", id="mariadb", marks=pytest.mark.requires("mariadb")),
]

SERVERS = [kind for kind in KINDS if kind.id in ("postgresql", "mariadb")]


class Database(NamedTuple):
    """Where a database is, and its marks for arguments."""

    kind: str
    url: str

    def marked(self, sql: str) -> str:
        """`sql` with the placeholders of this kind instead of `?`."""
        if self.kind in ("memory", "sqlite", "sqlalchemy"):
            return sql
        if self.kind == "postgresql":
            parts = sql.split("?")
            return parts[0] + "".join(f"${i}{part}" for i, part in enumerate(parts[1:], 1))
        return sql.replace("?", "%s")

    def sleep(self, seconds: float) -> str:
        """A query of one row that takes so long."""
        if self.kind == "postgresql":
            return f"SELECT 1 FROM pg_sleep({seconds})"
        if self.kind == "mariadb":
            return f"SELECT 1 + SLEEP({seconds})"
        # A million steps take about a tenth of a second.
        steps = int(seconds * 10_000_000)
        return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {steps}) SELECT count(*) FROM n"

    def engine(self, **options: Any) -> Engine:
        return engine_for(self.url, **options)

"""Which engine speaks to which database: by the scheme of its URL."""

from typing import Unpack

from segue.db.engine.contract import Engine
from segue.db.engine.options import EngineOptions
from segue.db.engine.url import parse_url

__all__ = ["engine_for"]


def engine_for(url: str, **options: Unpack[EngineOptions]) -> Engine:
    """The engine for a database, not yet open.

        engine = engine_for("sqlite:///app.db")
        engine = engine_for("postgresql://user:password@host/name", pool_size=20)
        engine = engine_for("postgresql://user:password@host/name?pool_size=20&statement_timeout=5")

    ``sqlite:///relative.db``, ``sqlite:////absolute.db``, ``sqlite://`` (in memory); ``postgresql://``; ``mysql://`` and
    ``mariadb://``; ``oracle://``. With anything else, or the name of another driver (``postgresql+psycopg://``), it is
    SQLAlchemy's engine in threads. The options are
    those of EngineOptions.

    Raises ValueError for what is no URL of a database, TypeError for an unknown option, ImportError that says what to
    install when a driver is missing.
    """
    address, settings = parse_url(url, options)
    # Each driver is loaded only for its own databases.
    match address.scheme, address.driver:
        case "sqlite", "":
            from segue.db.engine.sqlite import SQLiteEngine

            return SQLiteEngine(address, settings)
        case "postgresql" | "postgres", "" | "asyncpg":
            from segue.db.engine.postgres import PostgresEngine

            return PostgresEngine(address, settings)
        case "mysql" | "mariadb", "" | "asyncmy":
            from segue.db.engine.mysql import MySQLEngine

            return MySQLEngine(address, settings)
        case "oracle", "" | "oracledb":
            from segue.db.engine.oracle import OracleEngine

            return OracleEngine(address, settings)
        case _:
            from segue.db.engine.sqlalchemy import SQLAlchemyEngine

            return SQLAlchemyEngine(address, settings)

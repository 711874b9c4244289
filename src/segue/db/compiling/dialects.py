"""Dialects by name, for SQL without a connection."""

import functools
from typing import Any

from segue.db.errors import ConfigurationError

__all__ = ["dialect_named"]


@functools.cache
def dialect_named(name: str) -> Any:
    """The dialect of SQLAlchemy that a database of this name is compiled with."""
    from sqlalchemy import dialects
    from sqlalchemy.dialects import mssql, mysql, oracle, postgresql, sqlite
    from sqlalchemy.exc import NoSuchModuleError

    mysql_dialect: Any = mysql.dialect
    postgresql_dialect: Any = postgresql.dialect
    oracle_dialect: Any = oracle.dialect
    mssql_dialect: Any = mssql.dialect
    match name:
        case "sqlite":
            from segue.db.engine.sqlite_words import quoting

            return quoting(sqlite.dialect())
        case "postgresql":
            return postgresql_dialect(paramstyle="numeric_dollar")
        case "mysql" | "mariadb":
            return mysql_dialect(paramstyle="format")
        case "oracle":
            return oracle_dialect(paramstyle="numeric")
        case "mssql":
            made = mssql_dialect(paramstyle="qmark")
            # Without a server to ask it would write for one of 2005.
            made._supports_offset_fetch = True
            made.server_version_info = (16,)
            made._setup_version_attributes()
            return made
        case _:
            registry: Any = dialects.registry
            try:
                found: Any = registry.load(name)
            except NoSuchModuleError:
                raise ConfigurationError(
                    f"there is no dialect {name!r}: is the package of SQLAlchemy's dialect for it installed?"
                ) from None
            other = found(paramstyle="qmark")
            if name == "firebird":
                other.server_version_info = (4, 0)
            return other

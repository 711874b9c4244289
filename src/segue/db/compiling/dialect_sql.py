"""A piece of SQL that each database has its own text for."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

__all__ = ["DialectSQL", "dialect_sql"]


class DialectSQL(sa.TextClause):
    """SQL whose text depends on the database."""

    inherit_cache = False

    def __init__(self, texts: dict[str, str]) -> None:
        super().__init__(next(iter(texts.values())).replace(":", r"\:"))
        self.texts = texts

    @property
    def source(self) -> str:
        """How it is written in a file of Python."""
        if len(set(self.texts.values())) == 1:
            return f"sa.text({next(iter(self.texts.values())).replace(':', chr(92) + ':')!r})"
        return f"dialect_sql({', '.join(f'{name}={text!r}' for name, text in self.texts.items())})"


def dialect_sql(**texts: str) -> DialectSQL:
    """SQL that is written differently for different databases.

        server_default=dialect_sql(postgresql="now()", sqlite="CURRENT_TIMESTAMP", mysql="now(6)")

    A database that is not named takes the first. The text of ``mysql`` is that of MariaDB too.
    """
    if not texts:
        raise TypeError(
            'dialect_sql() is given a text for each database: dialect_sql(postgresql="now()", ...)'
        )
    return DialectSQL(texts)


@compiles(DialectSQL)
def _compiled(element: DialectSQL, compiler: Any, **_: Any) -> str:
    name = compiler.dialect.name
    found = element.texts.get(name)
    if found is None and name in ("mysql", "mariadb"):
        found = element.texts.get("mysql")
    if found is None:
        found = next(iter(element.texts.values()))
    # What a driver with %s reads as a place for a value.
    return found.replace("%", "%%") if compiler.preparer._double_percents else found

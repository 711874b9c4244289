"""Changes of tables that are used meanwhile: each is quick, or works a little at a time, and nobody waits long for it.

    from segue.db.migrations import gradual

    def upgrade() -> None:
        gradual.mirror("film", "title", "name")      # what is written to one is in the other
        gradual.copy("film", "title", "name")        # the rows that are there, some at a time
        gradual.require("film", "name")              # not empty from now on, without reading the table under a lock

They are steps of their own, each committed by itself: done twice they do no harm, so an interrupted revision goes on where it was.
PostgreSQL and MariaDB; on SQLite a writer waits for the other in any case.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from segue.db.migrations.errors import MigrationError
from segue.db.migrations.operations import Steps, running_steps
from segue.db.migrations.waiting import pause, was_locked

__all__ = ["check", "copy", "mirror", "reference", "require", "unique", "unmirror"]

#: Seconds that the rows of one piece may be locked for, and how many rows are in the first one.
_PIECE = 0.03
_FIRST = 500
_MOST = 20_000

#: For how long a change waits for its lock, and all others wait behind it; and how often it is tried.
_LOCK = "100ms"
_TRIES = 200


class _Table:
    """A table that is changed while others use it."""

    def __init__(self, steps: Steps, table: str) -> None:
        self.steps = steps
        self.context = steps.migration_context
        self.name = table
        self.dialect = self.context.dialect
        self.postgresql = self.dialect.name == "postgresql"
        if self.dialect.name == "sqlite" or self.dialect.name not in ("postgresql", "mysql", "mariadb"):
            raise MigrationError(
                f"changes a little at a time are for PostgreSQL and MariaDB, not for {self.dialect.name}: write the change as it is"
            )

    def quote(self, name: str) -> str:
        return self.dialect.identifier_preparer.quote(name)

    @property
    def quoted(self) -> str:
        return self.quote(self.name)

    @property
    def connection(self) -> sa.Connection:
        return cast("sa.Connection", self.context.connection)

    def say(self, *statements: str) -> None:
        """Runs statements as one quick transaction; where others hold the table, again and again."""
        if self.context.as_sql:
            for one in statements:
                self.context.impl.static_output(one + ";")
            return
        for attempt in range(_TRIES):
            try:
                if self.postgresql:
                    self.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK}'")
                else:
                    self.connection.exec_driver_sql("SET SESSION lock_wait_timeout = 1")
                for one in statements:
                    self.connection.exec_driver_sql(one.replace("%", "%%") if not self.postgresql else one)
                self.connection.commit()
                return
            except DBAPIError as error:
                self.connection.rollback()
                if not was_locked(error) or attempt + 1 == _TRIES:
                    raise
            pause(self.connection, 0.02 * min(attempt + 1, 25))

    def long(self, statement: str) -> None:
        """Runs a statement that takes long, and keeps nobody waiting."""
        if self.context.as_sql:
            self.context.impl.static_output(statement + ";")
            return
        self.connection.exec_driver_sql(statement)
        self.connection.commit()

    def has_constraint(self, name: str) -> bool:
        if self.context.as_sql:
            return False
        if self.postgresql:
            found = self.connection.execute(
                sa.text(
                    "SELECT 1 FROM pg_constraint WHERE conname = :name AND conrelid = to_regclass(:table)"
                ),
                {"name": name, "table": self.quoted},
            ).first()
        else:
            found = self.connection.execute(
                sa.text(
                    "SELECT 1 FROM information_schema.table_constraints WHERE constraint_name = :name AND table_name = :table "
                    "AND constraint_schema = database()"
                ),
                {"name": name, "table": self.name},
            ).first()
        self.connection.rollback()
        return found is not None

    def add_constraint(self, name: str, definition: str) -> None:
        """Adds a constraint for rows to come, then looks at those that are there while others go on."""
        if not self.has_constraint(name):
            later = " NOT VALID" if self.postgresql else ""
            self.say(f"ALTER TABLE {self.quoted} ADD CONSTRAINT {self.quote(name)} {definition}{later}")
        if self.postgresql:
            self.long(f"ALTER TABLE {self.quoted} VALIDATE CONSTRAINT {self.quote(name)}")


def _step(table: str, name: str, take: Callable[[_Table], None]) -> None:
    steps = running_steps()

    def step() -> None:
        take(_Table(steps, table))

    step.__name__ = step.__qualname__ = f"{name} {table}"
    step.__gradual__ = True  # type: ignore[attr-defined] # the planner reads it
    steps.progress.step(step, step, alone=True)


# -- two columns that say the same


def mirror(table: str, old: str, new: str) -> None:
    """Keeps two columns of a table alike, whichever is written: programs that know the one go on beside those that know the other."""

    def take(on: _Table) -> None:
        a, b = on.quote(old), on.quote(new)
        name = _mirror_name(table, old, new)
        if on.postgresql:
            function = on.quote(name)
            on.say(
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF TG_OP = 'INSERT' THEN "
                f"IF NEW.{b} IS NOT NULL THEN NEW.{a} := NEW.{b}; ELSE NEW.{b} := NEW.{a}; END IF; "
                f"ELSIF NEW.{b} IS DISTINCT FROM OLD.{b} THEN NEW.{a} := NEW.{b}; "
                f"ELSE NEW.{b} := NEW.{a}; END IF; RETURN NEW; END $$",
                f"DROP TRIGGER IF EXISTS {function} ON {on.quoted}",
                f"CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {on.quoted} FOR EACH ROW EXECUTE FUNCTION {function}()",
            )
            return
        first, second = on.quote(f"{name}_i"), on.quote(f"{name}_u")
        either = f"THEN SET NEW.{a} = NEW.{b}; ELSE SET NEW.{b} = NEW.{a}; END IF"
        each = f"ON {on.quoted} FOR EACH ROW IF"
        on.say(
            f"CREATE OR REPLACE TRIGGER {first} BEFORE INSERT {each} NEW.{b} IS NOT NULL {either}",
            f"CREATE OR REPLACE TRIGGER {second} BEFORE UPDATE {each} NOT (NEW.{b} <=> OLD.{b}) {either}",
        )

    _step(table, f"mirror {old} and {new} of", take)


def unmirror(table: str, old: str, new: str) -> None:
    """Ends what ``mirror`` began."""

    def take(on: _Table) -> None:
        name = _mirror_name(table, old, new)
        if on.postgresql:
            on.say(
                f"DROP TRIGGER IF EXISTS {on.quote(name)} ON {on.quoted}",
                f"DROP FUNCTION IF EXISTS {on.quote(name)}()",
            )
        else:
            on.say(
                f"DROP TRIGGER IF EXISTS {on.quote(name + '_i')}",
                f"DROP TRIGGER IF EXISTS {on.quote(name + '_u')}",
            )

    _step(table, f"end mirroring {old} and {new} of", take)


def _mirror_name(table: str, old: str, new: str) -> str:
    return f"mirror_{table}_{old}_{new}"[:60]


def copy(table: str, old: str, new: str) -> None:
    """Copies a column into another one, some rows at a time, each piece committed: writers wait for milliseconds.

    What is the same already is left out. Keep what is written meanwhile alike with ``mirror`` first.
    """

    def take(on: _Table) -> None:
        a, b = on.quote(old), on.quote(new)
        differs = f"{b} IS DISTINCT FROM {a}" if on.postgresql else f"NOT ({b} <=> {a})"
        _in_pieces(on, f"UPDATE {on.quoted} SET {b} = {a} WHERE {differs}")  # noqa: S608 -- quoted names

    _step(table, f"copy {old} to {new} of", take)


def _in_pieces(on: _Table, statement: str) -> None:
    if on.context.as_sql:
        on.context.impl.static_output(f"-- a few rows at a time\n{statement};")
        return
    connection = on.connection
    keys: Sequence[str] = sa.inspect(connection).get_pk_constraint(on.name)["constrained_columns"]
    connection.rollback()
    if not keys:
        raise MigrationError(f"{on.name} has no primary key: its rows cannot be taken a few at a time")
    row = f"({', '.join(map(on.quote, keys))})" if len(keys) > 1 else on.quote(keys[0])
    listed = ", ".join(map(on.quote, keys))
    last: Sequence[Any] | None = None
    size = _FIRST
    while True:
        above, above_values = _bound(row, ">", last, "low")
        chosen = f"SELECT {listed} FROM {on.quoted}{f' WHERE {above}' if above else ''}"  # noqa: S608 -- quoted names
        end = connection.execute(
            sa.text(f"{chosen} ORDER BY {listed} LIMIT 1 OFFSET {size - 1}"), above_values
        ).first()
        below, below_values = _bound(row, "<=", end, "high")
        conditions = "".join(f" AND {one}" for one in (above, below) if one)
        begun = time.perf_counter()
        connection.execute(sa.text(statement + conditions), {**above_values, **below_values})
        connection.commit()
        spent = time.perf_counter() - begun
        if end is None:
            return
        last = tuple(end)
        # Longer pieces where they are quick; as much time for others as for this.
        size = max(50, min(_MOST, int(size * min(2.0, _PIECE / max(spent, 0.001)))))
        pause(connection, min(spent, 0.1))


def _bound(row: str, sign: str, values: Sequence[Any] | None, name: str) -> tuple[str, dict[str, Any]]:
    if values is None:
        return "", {}
    given = {f"{name}{at}": value for at, value in enumerate(values)}
    places = ", ".join(f":{one}" for one in given)
    return f"{row} {sign} {f'({places})' if len(given) > 1 else places}", given


# -- what holds from now on


def require(table: str, column: str, *, type_: Any = None) -> None:
    """Lets a column be empty no more. PostgreSQL reads the table while others go on, and only then says so."""

    def take(on: _Table) -> None:
        name = f"ck_{table}_{column}_required"[:60]
        if not on.postgresql:
            on.long(f"ALTER TABLE {on.quoted} MODIFY {on.quote(column)} {_type(on, column, type_)} NOT NULL")
            return
        on.add_constraint(name, f"CHECK ({on.quote(column)} IS NOT NULL)")
        on.say(
            f"ALTER TABLE {on.quoted} ALTER COLUMN {on.quote(column)} SET NOT NULL",
            f"ALTER TABLE {on.quoted} DROP CONSTRAINT IF EXISTS {on.quote(name)}",
        )

    _step(table, f"require {column} of", take)


def _type(on: _Table, column: str, type_: Any) -> str:
    if type_ is not None:
        return str(type_.compile(dialect=on.dialect))
    found = on.connection.execute(
        sa.text(
            "SELECT column_type FROM information_schema.columns WHERE table_schema = database() AND table_name = :table AND column_name = :column"
        ),
        {"table": on.name, "column": column},
    ).scalar_one()
    return str(found)


def check(name: str, table: str, condition: Any) -> None:
    """Adds a CHECK constraint; the rows that are there are looked at while others go on."""

    def take(on: _Table) -> None:
        text = condition if isinstance(condition, str) else str(condition.compile(dialect=on.dialect))
        on.add_constraint(name, f"CHECK ({text})")

    _step(table, f"check {name} of", take)


def reference(
    name: str,
    table: str,
    other: str,
    columns: Sequence[str],
    other_columns: Sequence[str],
    *,
    ondelete: str | None = None,
) -> None:
    """Lets columns refer to another table; the rows that are there are looked at while others go on."""

    def take(on: _Table) -> None:
        here, there = (", ".join(map(on.quote, names)) for names in (columns, other_columns))
        action = f" ON DELETE {ondelete}" if ondelete else ""
        definition = f"FOREIGN KEY ({here}) REFERENCES {on.quote(other)} ({there}){action}"
        if on.postgresql:
            on.add_constraint(name, definition)
            return
        if not on.has_constraint(name):
            # With checks MariaDB copies the whole table, and writers wait: so they are made below.
            add = f"ALTER TABLE {on.quoted} ADD CONSTRAINT {on.quote(name)} {definition}"
            on.say("SET SESSION foreign_key_checks = 0", f"{add}, ALGORITHM=INPLACE, LOCK=NONE")
        on.say("SET SESSION foreign_key_checks = 1")
        if not on.context.as_sql and _refers_to_nothing(on, other, columns, other_columns):
            on.say(f"ALTER TABLE {on.quoted} DROP FOREIGN KEY {on.quote(name)}")
            raise MigrationError(
                f"{table} cannot refer to {other} ({name}): it has rows that would refer to nothing"
            )

    _step(table, f"refer to {other} from", take)


def _refers_to_nothing(on: _Table, other: str, columns: Sequence[str], other_columns: Sequence[str]) -> bool:
    pairs = [
        (f"here.{on.quote(a)}", f"there.{on.quote(b)}") for a, b in zip(columns, other_columns, strict=True)
    ]
    given = " AND ".join(f"{a} IS NOT NULL" for a, _ in pairs)
    same = " AND ".join(f"{a} = {b}" for a, b in pairs)
    found = on.connection.exec_driver_sql(
        f"SELECT 1 FROM {on.quoted} AS here WHERE {given} AND NOT EXISTS (SELECT 1 FROM {on.quote(other)} AS there WHERE {same}) LIMIT 1"  # noqa: S608 -- quoted names
    ).first()
    on.connection.commit()
    return found is not None


def unique(name: str, table: str, columns: Sequence[str]) -> None:
    """Lets no two rows be alike in these columns; the index for that is built while others write."""

    def take(on: _Table) -> None:
        if on.has_constraint(name):
            return
        listed = ", ".join(map(on.quote, columns))
        if not on.postgresql:
            on.long(f"ALTER TABLE {on.quoted} ADD CONSTRAINT {on.quote(name)} UNIQUE ({listed})")
            return
        index = on.quote(name)
        _outside(
            on,
            f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
            f"CREATE UNIQUE INDEX CONCURRENTLY {index} ON {on.quoted} ({listed})",
        )
        on.say(f"ALTER TABLE {on.quoted} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}")

    _step(table, f"unique {name} of", take)


def _outside(on: _Table, *statements: str) -> None:
    if on.context.as_sql:
        on.say(*statements)
        return
    connection = on.connection
    connection.commit()
    before = connection.get_isolation_level()
    connection.commit()
    connection.execution_options(isolation_level="AUTOCOMMIT")
    try:
        for one in statements:
            connection.exec_driver_sql(one)
    finally:
        connection.commit()
        connection.execution_options(isolation_level=before)

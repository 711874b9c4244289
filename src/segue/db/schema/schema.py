"""Tables from models: what SQLAlchemy needs to make them, and Alembic to compare them."""

import hashlib
import warnings
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from msgspec import UNSET
from sqlalchemy.sql.visitors import cloned_traverse

from segue.db.compiling.dialect_sql import DialectSQL
from segue.db.compiling.tables import stored_table
from segue.db.compiling.translation import Scope, Translator
from segue.db.compiling.types import converter_to, enum_values
from segue.db.errors import ConfigurationError
from segue.db.models.constraints import Check, Exclude, Index, Searchable, Unique
from segue.db.models.lineage import descendants, in_table
from segue.db.models.mapping import ColumnField, Mapping, Pointer
from segue.db.queries.expressions import Expr, Function
from segue.db.schema.column_types import column_type
from segue.db.schema.extensions import add_extensions
from segue.db.schema.placement import full_name, mappings_of
from segue.db.schema.schemalock import only_one
from segue.db.schema.searchindexes import add_search_index
from segue.db.schema.spatialindexes import add_spatial_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.db.databases.database import Database

__all__ = ["create_all", "drop_all", "metadata_of"]

#: For which databases the text of a default or a condition is written.
_WRITTEN_FOR = ("postgresql", "sqlite", "mysql")

#: How bytes stand in a statement.
_BYTES = {"postgresql": "'\\x{}'::bytea", "mssql": "0x{}", "oracle": "hextoraw('{}')"}

#: What every table is told, whatever the server's own defaults are. Texts are alike where all letters are, as in other databases.
TABLE_OPTIONS = {
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_bin",
    "mariadb_engine": "InnoDB",
}

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def metadata_of(mappings: list[Mapping], dialect: str) -> sa.MetaData:
    """The tables of models."""
    mysql = dialect in ("mysql", "mariadb")
    # MySQL has one name for all primary keys, and warns of others.
    names = {kind: name for kind, name in NAMES.items() if kind != "pk"} if mysql else NAMES
    metadata = sa.MetaData(naming_convention=names)
    for mapping in mappings:
        _Table(mapping, metadata, dialect).make()
    return metadata


class _Table:
    """One table in the making."""

    def __init__(self, mapping: Mapping, metadata: sa.MetaData, dialect: str) -> None:
        self.mapping = mapping
        self.metadata = metadata
        self.dialect = dialect
        self.table: Any = None
        #: Its columns, each with the model that says it.
        self.said: list[tuple[Mapping, ColumnField]] = []

    def make(self) -> sa.Table:
        mapping = self.mapping
        self.said = in_table(mapping)
        columns = [self.column(one, owner) for owner, one in self.said]
        self.table = sa.Table(
            mapping.table,
            self.metadata,
            *columns,
            *self.foreign_keys(),
            schema=mapping.schema,
            **self.options(),
        )
        for owner, one in self.said:
            if one.home is not mapping:
                continue
            if one.kind.storage == "geometry":
                add_spatial_index(self.table, one, self.dialect)
            elif one.options.index and not one.options.unique:
                sa.Index(None, self.table.c[one.column])
            if any(one is pointer.type for pointer in owner.pointers.values()):
                self.add_pointer_index(next(p for p in owner.pointers.values() if p.type is one))
            if one.options.unique:
                self.table.append_constraint(sa.UniqueConstraint(one.column))
        for _, one in self.said:
            if one.kind.storage == "enum" and one.kind.cipher is None:
                self.add_choice(one)
        for owner in self.owners():
            for constraint in owner.model.constraints:
                self.add(constraint, owner)
        return self.table  # type: ignore[no-any-return] # made above

    def owners(self) -> list[Mapping]:
        """The models that say something of this table: its own, and those that have their rows in it."""
        mapping = self.mapping
        below = [
            one for one in descendants(mapping) if one.home is mapping and "constraints" in one.model.__dict__
        ]
        shared = mapping.lineage.style != "own" and "constraints" not in mapping.model.__dict__
        return below if shared else [mapping, *below]

    def options(self) -> dict[str, Any]:
        return dict(TABLE_OPTIONS)

    def column(self, one: ColumnField, owner: Mapping) -> sa.Column[Any]:
        options = one.options
        #: Rows of other classes have nothing in it.
        apart = owner is not self.mapping
        indexed = options.key or options.unique or options.index or self.in_index(one)
        arguments: list[Any] = []
        if options.computed is not None:
            # Before version 18 PostgreSQL stores them all.
            stored = options.stored or self.dialect == "postgresql"
            # MariaDB has none that must not be empty.
            arguments.append(sa.Computed(self.sql(options.computed, owner), persisted=stored))
        if one.automatic and one.home is self.mapping and self.dialect == "oracle":
            # The others count up what is called a key of whole numbers.
            arguments.append(sa.Identity())
        default = self.default(one)
        comment: dict[str, Any] = (
            {"comment": options.help} if options.help and self.dialect != "sqlite" else {}
        )
        return sa.Column(
            one.column,
            column_type(one.kind, indexed=indexed, words=self.has_words(one)),
            *arguments,
            primary_key=options.key,
            nullable=one.kind.null
            or options.computed is not None
            or apart
            or self.is_empty_when_missing(one),
            server_default=default,
            info={"fill": self.fill(one)},
            autoincrement=(one.automatic and one.home is self.mapping) or (False if options.key else "auto"),
            **comment,
        )

    def has_words(self, one: ColumnField) -> bool:
        """Whether it is searched for words."""
        return any(
            one.name in constraint.fields
            for constraint in self.mapping.model.constraints
            if isinstance(constraint, Searchable)
        )

    def is_empty_when_missing(self, one: ColumnField) -> bool:
        """Oracle takes empty text for a missing value, so it has to allow that."""
        return self.dialect == "oracle" and one.kind.storage in ("str", "text") and not one.options.key

    def fill(self, one: ColumnField) -> Any:
        """What rows have in it that were there before it: its default, if that is always the same."""
        value = one.options.default
        if one.kind.cipher is not None or value is UNSET or value is None or one.reference is not None:
            return None
        if isinstance(value, Expr) or getattr(value, "__segue_function__", False):
            return None
        return self.text(lambda dialect: self.literal(value, one, dialect))

    def in_index(self, one: ColumnField) -> bool:
        names = {one.name, *(() if one.reference is None else (one.reference.name,))}
        return any(
            names & {name for name in constraint.fields if isinstance(name, str)}
            for constraint in self.mapping.model.constraints
            if isinstance(constraint, Unique | Index)
        )

    def default(self, one: ColumnField) -> Any:
        options = one.options
        value = options.db_default
        if value is None:
            value = options.default
            if not (isinstance(value, Expr) or getattr(value, "__segue_function__", False)):
                return None
        if getattr(value, "__segue_function__", False):
            made: Any = value
            value = made()
        if isinstance(value, Expr):
            return self.text(lambda dialect: self.rendered(value, dialect))
        return self.text(lambda dialect: self.literal(value, one, dialect))

    def literal(self, value: Any, one: ColumnField, dialect: str) -> str:
        convert = converter_to(one.kind, dialect)
        stored = value if convert is None else convert(value)
        if dialect == "mysql" and one.kind.storage in ("text", "json", "array", "bytes", "geometry"):
            # What is as long as that has a default only where it is an expression.
            return f"({self._literal(stored, dialect)})"
        return self._literal(stored, dialect)

    def _literal(self, value: Any, dialect: str) -> str:
        if isinstance(value, bytes):
            return _BYTES.get(dialect, "X'{}'").format(value.hex())
        compiled = sa.literal(value, sa.Boolean() if isinstance(value, bool) else None).compile(
            dialect=_dialect(dialect), compile_kwargs={"literal_binds": True}
        )
        return str(compiled)

    def sql(self, function: Any, owner: Mapping) -> DialectSQL:
        """The text of an expression that a function of the model gives."""
        expression = function(owner.model)
        return self.text(lambda dialect: self.rendered(expression, dialect, owner))

    def indexed(self, function: Any, owner: Mapping) -> DialectSQL:
        """An expression that is indexed: PostgreSQL wants it in parentheses, unless it is a function."""
        made = self.sql(function, owner)
        text = made.texts.get("postgresql")
        if text is None or isinstance(function(owner.model), Function):
            return made
        return DialectSQL(made.texts | {"postgresql": f"({text})"})

    def text(self, make: "Callable[[str], str]") -> DialectSQL:
        """What a function makes for each database: so a revision that was written over one runs over another."""
        own = "mysql" if self.dialect == "mariadb" else self.dialect
        texts = {own: make(own)}
        for name in _WRITTEN_FOR:
            if name not in texts:
                try:
                    texts[name] = make(name)
                except Exception:  # noqa: BLE001, S112 -- it has no such thing: then it is not written for it
                    continue
        return DialectSQL(texts)

    def rendered(self, expression: Expr[Any], dialect: str, owner: Mapping | None = None) -> str:
        sql = Translator(dialect)
        scope = Scope(sql, owner or self.mapping, table=stored_table(self.mapping))
        made = sql.expression(expression, scope)
        values: list[Any] = []
        expression.walk([], values)
        given: dict[str, Any] = {}
        for name, bound in sql.bound.items():
            value = values[bound.value]
            value = value if bound.item is None else value[min(bound.item, len(value) - 1)]
            convert = converter_to(bound.kind, dialect)
            given[name] = value if convert is None or value is None else convert(value)

        def put_in(bound: Any) -> None:
            if bound.key in given:
                bound.value, bound.required = given[bound.key], False

        filled: Any = cloned_traverse(made, {}, {"bindparam": put_in})
        text = filled.compile(
            dialect=_dialect(dialect), compile_kwargs={"literal_binds": True, "include_table": False}
        )
        return str(text)

    def foreign_keys(self) -> list[Any]:
        found: list[Any] = []
        if self.mapping.lineage.parent is not None:
            above = self.mapping.lineage.parent.home
            name = above.table if above.schema is None else f"{above.schema}.{above.table}"
            keys = [key.column for key in self.mapping.key]
            found.append(sa.ForeignKeyConstraint(keys, [f"{name}.{key}" for key in keys], ondelete="CASCADE"))
        here = {column.reference: None for _, column in self.said if column.reference is not None}
        for relation in here:
            if relation.columns[0].home is not self.mapping:
                continue
            other = relation.target.__mapping__
            if other.database != self.mapping.database:
                continue
            name = full_name(other)
            action = relation.on_delete
            found.append(
                sa.ForeignKeyConstraint(
                    [column.column for column in relation.columns],
                    [f"{name}.{key.column}" for key in other.key],
                    ondelete=None if action in ("no action", "restrict") else action.upper(),
                    use_alter=False,
                )
            )
        return found

    def add_pointer_index(self, pointer: Pointer) -> None:
        """What leads to an object of any model is found by the two columns together."""
        sa.Index(None, self.table.c[pointer.type.column], self.table.c[pointer.key.column])

    def add_choice(self, one: ColumnField) -> None:
        """A column of an Enum takes its members only."""
        values = enum_values(one.kind.python)
        listed = ", ".join(self._literal(value, self.dialect) for value in values)
        quoted = _dialect(self.dialect).identifier_preparer.quote(one.column)
        text = DialectSQL(
            {
                name: f"{_dialect(name).identifier_preparer.quote(one.column)} IN ({listed})"
                for name in (self.dialect, *_WRITTEN_FOR)
            }
            if quoted != one.column
            else {self.dialect: f"{one.column} IN ({listed})"}
        )
        self.table.append_constraint(sa.CheckConstraint(text, name=f"{one.column}_{_digest(listed)}"))

    def add(self, constraint: Any, owner: Mapping) -> None:  # noqa: C901 -- a case for each kind
        table = self.table
        where: dict[str, Any] = {}
        if getattr(constraint, "where", None) is not None:
            text = self.sql(constraint.where, owner)
            where = {"postgresql_where": text, "sqlite_where": text}
        nulls: dict[str, Any] = {}
        match constraint:
            case Unique():
                if not constraint.nulls_distinct:
                    nulls["postgresql_nulls_not_distinct"] = True
                columns = self.columns(constraint.fields, owner)
                if where and self.dialect in ("mysql", "mariadb"):
                    raise ConfigurationError(
                        f"{self.mapping.model.__name__}.constraints: unique({', '.join(constraint.fields)}, where=...) holds for some rows only, and "
                        f"{self.dialect} has no such index. Let a computed field be None for the others, and make that one unique"
                    )
                if where:
                    sa.Index(
                        constraint.name or f"uq_{table.name}_{'_'.join(c.name for c in columns)}",
                        *columns,
                        unique=True,
                        **where,
                    )
                else:
                    table.append_constraint(
                        sa.UniqueConstraint(
                            *columns,
                            name=constraint.name,
                            deferrable=True if constraint.deferrable else None,
                            **nulls,
                        )
                    )
            case Check():
                text = self.sql(constraint.condition, owner)
                # Databases write conditions in their own way: another name tells that this is another one.
                name = constraint.name or _digest(next(iter(sorted(text.texts.items())))[1])
                table.append_constraint(sa.CheckConstraint(text, name=name))
            case Index():
                parts = [
                    self.columns((one,), owner)[0] if isinstance(one, str) else self.indexed(one, owner)
                    for one in constraint.fields
                ]
                name = (
                    constraint.name
                    or f"ix_{table.name}_{'_'.join(one if isinstance(one, str) else 'expr' for one in constraint.fields)}"
                )
                if self.dialect == "mariadb" and any(not isinstance(one, str) for one in constraint.fields):
                    # It indexes columns only. Queries find the same rows without it.
                    return
                more: dict[str, Any] = dict(where)
                if constraint.method is not None:
                    more["postgresql_using"] = constraint.method
                if constraint.ops is not None:
                    more["postgresql_ops"] = {one.key: constraint.ops for one in parts if hasattr(one, "key")}
                if constraint.include:
                    more["postgresql_include"] = [c.name for c in self.columns(constraint.include, owner)]
                if constraint.concurrently:
                    more["postgresql_concurrently"] = True
                table.append_constraint(
                    sa.Index(name, *parts, unique=constraint.unique, _table=table, **more)
                )
            case Exclude():
                if self.dialect == "postgresql":
                    from sqlalchemy.dialects.postgresql import ExcludeConstraint

                    elements = [
                        (self.columns((name,), owner)[0], operator) for name, operator in constraint.elements
                    ]
                    table.append_constraint(
                        ExcludeConstraint(
                            *elements, using=constraint.method, where=where.get("postgresql_where")
                        )
                    )
            case Searchable():
                add_search_index(table, owner, constraint, self.dialect)
            case _:
                raise TypeError(
                    f"{self.mapping.model.__name__}.constraints has {constraint!r}: it is made of unique, check, index, exclude and searchable"
                )

    def columns(self, names: tuple[str, ...], owner: Mapping) -> list[Any]:
        """Columns by the names of fields; a relation stands for its key."""
        found: list[Any] = []
        for name in names:
            relation = owner.relations.get(name)
            if relation is not None and relation.refers:
                found += [self.table.c[column.column] for column in relation.columns]
            elif name in owner.columns:
                found.append(self.table.c[owner.columns[name].column])
            else:
                raise TypeError(
                    f"{owner.model.__name__}.constraints names {name!r}, and there is no such field; there are "
                    f"{', '.join((*owner.columns, *owner.relations))}"
                )
        return found


def _digest(text: str) -> str:
    """A few letters that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _dialect(name: str) -> Any:
    from segue.db.compiling.dialects import dialect_named

    return dialect_named(name)


async def create_all(database: "Database") -> None:
    """Makes the tables that are missing. Workers that start side by side wait for the one who does."""
    engine = database.engine
    metadata = _at_once(metadata_of(mappings_of(database), engine.name))
    async with only_one(engine):
        await engine.run_sync(lambda connection: add_extensions(connection, metadata))
        await engine.run_sync(metadata.create_all)


async def drop_all(database: "Database") -> None:
    """Drops the tables of all models."""
    engine = database.engine
    metadata = _at_once(metadata_of(mappings_of(database), engine.name))

    def drop(connection: sa.Connection) -> None:
        with warnings.catch_warnings():
            # SQLite takes tables that refer to each other in any order.
            warnings.filterwarnings("ignore", "Can't sort tables for DROP")
            metadata.drop_all(connection)

    await engine.run_sync(drop)


def _at_once(metadata: sa.MetaData) -> sa.MetaData:
    """Nobody writes to tables that are being made: their indexes need not be built beside writers."""
    for table in metadata.tables.values():
        for one in table.indexes:
            one.dialect_options["postgresql"]["concurrently"] = False
    return metadata

"""Expressions become SQLAlchemy's: what is done once for each shape of a query."""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from segue.db.compiling.patterns import glob_text
from segue.db.compiling.tables import query_table, stored_table
from segue.db.compiling.types import sql_type
from segue.db.models.ciphers import refuse_encrypted
from segue.db.models.kinds import Kind
from segue.db.models.lineage import homes
from segue.db.models.mapping import ColumnField, Mapping, Relation, resolve_all
from segue.db.models.relations import link_of, other_side
from segue.db.queries import expressions as e
from segue.db.queries.expressions import Expr, Order
from segue.db.queries.paths import RelatedCount, RelatedExists, RelatedValue
from segue.db.queries.selections import alike

__all__ = ["MYSQL", "Bound", "Element", "Scope", "Translator", "orders", "translates"]

MYSQL = ("mysql", "mariadb")

Translate = Callable[["Translator", Any, "Scope"], Any]
_TRANSLATIONS: dict[type, Translate] = {}
_ORDERS: dict[type, Translate] = {}


def translates(node: type) -> Callable[[Translate], Translate]:
    """Registers what makes SQL of a kind of node: the way to add one. Parts are translated in the order of ``walk``."""

    def register(function: Translate) -> Translate:
        _TRANSLATIONS[node] = function
        return function

    return register


def orders(node: type) -> Callable[[Translate], Translate]:
    """Registers what makes SQL of a kind of node where rows are ordered by it, the least first, if an index wants it spelled so."""

    def register(function: Translate) -> Translate:
        _ORDERS[node] = function
        return function

    return register


class Bound:
    """A place for a value in a statement: which value it is, of what kind, which item of a list.

    ``convert``: makes of the value what the driver gets, where it is not what its kind says.
    """

    __slots__ = ("convert", "item", "kind", "value")

    def __init__(
        self, value: int, kind: Kind, item: int | None = None, *, convert: Callable[[Any], Any] | None = None
    ) -> None:
        self.value = value
        self.kind = kind
        self.item = item
        self.convert = convert


class Element(sa.ColumnElement[Any]):
    """Pieces of SQL, texts of the program and expressions, one after the other."""

    inherit_cache = False
    __visit_name__ = "segue_element"

    def __init__(self, pieces: Sequence[Any]) -> None:
        self.pieces = pieces
        self.type = sa.types.NULLTYPE

    @property
    def _from_objects(self) -> list[Any]:
        found: list[Any] = []
        for one in self.pieces:
            if not isinstance(one, str):
                found += one._from_objects
        return found


@compiles(Element)
def _element(element: Element, compiler: Any, **options: Any) -> str:
    return "".join(
        compiler.escape_literal_column(one) if isinstance(one, str) else compiler.process(one, **options)
        for one in element.pieces
    )


class Scope:
    """The tables of one SELECT: the model that it is about, and those that are joined to it."""

    def __init__(
        self, translator: "Translator", mapping: Mapping, outer: "Scope | None" = None, *, table: Any = None
    ) -> None:
        self.translator = translator
        self.mapping = mapping
        self.outer = outer
        plain = query_table(mapping)
        self.table: Any = (
            table
            if table is not None
            else plain
            if outer is None
            else plain.alias(translator.name_of_table())
        )
        self.source: Any = self.table
        #: The results of other queries that are joined.
        self.tables: list[Any] = []
        #: What the rows that are asked have been selected as, by shape; None where they are those of a model.
        self.known: list[tuple[Expr[Any], Any]] | None = None
        self._joined: dict[tuple[Any, ...], Any] = {}

    def column(self, field: ColumnField, path: tuple[Relation, ...]) -> Any:
        """A column of the model, or of another one over a path."""
        scope = self._scope_of(path[0].model if path else field.model)
        if not path:
            return scope.cell((), field)
        if field in path[-1].target.__mapping__.key and path[-1].refers:
            # The key of the other one is here already.
            at = path[-1].target.__mapping__.key.index(field)
            return scope.table_at(path[:-1]).c[path[-1].columns[at].column]
        return scope.table_at(path).c[field.column]

    def _scope_of(self, model: Any) -> "Scope":
        scope: Scope | None = self
        while scope is not None:
            own = scope.mapping
            if issubclass(own.model, model) or (own.lineage.kinds and issubclass(model, own.model)):
                return scope
            scope = scope.outer
        asked = self.mapping.model.__name__
        raise TypeError(
            f"a query of {asked} says something about {model.__name__}, which it does not lead to: go over a relation, {asked}.<relation>.<field>"
        )

    def table_at(self, path: tuple[Relation, ...]) -> Any:
        """The table at the end of a path, joined when it is first asked for."""
        if not path:
            return self.table
        key = tuple(step.token for step in path)
        found = self._joined.get(key)
        if found is not None:
            return found
        before, step = self.table_at(path[:-1]), path[-1]
        outer = any(one.null for one in path)
        found = query_table(step.target.__mapping__).alias(self.translator.name_of_table())
        if not step.refers:
            if step.ruled:
                raise TypeError(
                    f"{step!r} is a rule: it can be loaded, counted and asked with any(), but not joined"
                )
            back = other_side(step)
            if back is not None:
                on = _equal(found, back.columns, before, back.target.__mapping__.key)
            else:
                link = link_of(step)
                between = query_table(link.model.__mapping__).alias(self.translator.name_of_table())
                self.source = self.source.join(
                    between,
                    _equal(between, link.here.columns, before, link.here.target.__mapping__.key),
                    isouter=True,
                )
                on = _equal(between, link.there.columns, found, link.there.target.__mapping__.key)
        else:
            on = _equal(before, step.columns, found, step.target.__mapping__.key)
        self.source = self.source.join(found, on, isouter=outer)
        self._joined[key] = found
        return found

    def cell(self, path: tuple[Relation, ...], field: ColumnField) -> Any:
        """A column of an object at the end of a path. Those of a class that derives from its model may be in a table that is joined."""
        table = self.table_at(path)
        mapping: Mapping = path[-1].target.__mapping__ if path else self.mapping
        if mapping.lineage.kinds is None or field.home in homes(mapping):
            return table.c[field.column]
        key = (*(step.token for step in path), "of", field.home.order)
        found = self._joined.get(key)
        if found is None:
            found = stored_table(field.home).alias(self.translator.name_of_table())
            self.source = self.source.join(
                found, _equal(found, mapping.key, table, mapping.key), isouter=True
            )
            self._joined[key] = found
        return found.c[field.column]

    @property
    def joins(self) -> bool:
        """Whether other tables were joined."""
        return bool(self._joined)


def _equal(left: Any, columns: tuple[ColumnField, ...], right: Any, keys: tuple[ColumnField, ...]) -> Any:
    return sa.and_(
        *(left.c[column.column] == right.c[key.column] for column, key in zip(columns, keys, strict=True))
    )


class Translator:
    """Makes one statement; it counts the values in the order in which ``walk`` has them."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.bound: dict[str, Bound] = {}
        #: The results of queries that are tables in this statement, by the identity of the table.
        self.tables: dict[int, Any] = {}
        self._values = 0
        self._tables = 0

    def name_of_table(self) -> str:
        self._tables += 1
        return f"t{self._tables}"

    @property
    def values(self) -> int:
        """How many values have been met."""
        return self._values

    def value(self) -> int:
        """The number of the next value."""
        self._values += 1
        return self._values - 1

    def bind(self, bound: Bound, type: Any = None) -> Any:
        """A parameter for it."""
        name = f"v{len(self.bound)}"
        self.bound[name] = bound
        return sa.bindparam(name, type_=sql_type(bound.kind) if type is None else type)

    def expression(self, node: Expr[Any], scope: Scope) -> Any:
        """The SQLAlchemy expression for a node."""
        if scope.known is not None:
            return self._selected(node, scope)
        translate = _TRANSLATIONS.get(type(node))
        if translate is None:
            # What is not needed by all is loaded with the first statement that needs it.
            importlib.import_module("segue.db.compiling.spelling")
            translate = _TRANSLATIONS.get(type(node))
        if translate is None:
            raise TypeError(f"there is no SQL for {node!r} ({type(node).__name__})")
        return translate(self, node, scope)

    def _selected(self, node: Expr[Any], scope: Scope) -> Any:
        """Of rows that were put together, only what was selected is there."""
        for expression, column in scope.known or ():
            if alike(expression, node):
                values: list[Any] = []
                node.walk([], values)
                self._values += len(values)
                return column
        if isinstance(node, e.Column):
            raise TypeError(
                f"{node!r} was not selected, and after union(), intersection() and difference() there is only what was"
            )
        known, scope.known = scope.known, None
        translate = _TRANSLATIONS.get(type(node))
        try:
            if translate is None:
                return self.expression(node, scope)
            scope.known = known
            return translate(self, node, scope)
        finally:
            scope.known = known

    def order(self, order: Order, scope: Scope) -> Any:
        """An expression with its direction."""
        if isinstance(order.expression, e.Column) and order.expression.kind.cipher is not None:
            refuse_encrypted(order.expression, "order")
        ordered = None if order.descending or scope.known is not None else _ORDERS.get(type(order.expression))
        found = (ordered or Translator.expression)(self, order.expression, scope)
        found = found.desc() if order.descending else found.asc()
        if order.nulls is None:
            return found
        if self.dialect in ("mysql", "mariadb", "mssql"):
            plain = found.element
            rank = sa.case(
                (plain.is_(None), 0 if order.nulls == "first" else 1),
                else_=1 if order.nulls == "first" else 0,
            )
            return [rank, found]
        return found.nulls_first() if order.nulls == "first" else found.nulls_last()


@translates(e.Column)
def _column(_: Translator, node: e.Column[Any], scope: Scope) -> Any:
    return scope.column(node.field, node.path)


@translates(e.Value)
def _value(sql: Translator, node: e.Value[Any], _: Scope) -> Any:
    if node.value is None:
        return sa.null()
    return sql.bind(Bound(sql.value(), node.kind))


@translates(e.Values)
def _values(sql: Translator, node: e.Values[Any], _: Scope) -> Any:
    number = sql.value()
    return [sql.bind(Bound(number, node.kind, item)) for item in range(node.room())]


@translates(e.Cast)
def _cast(sql: Translator, node: e.Cast[Any], scope: Scope) -> Any:
    to: Any = sql_type(node.kind)
    if sql.dialect in ("mysql", "mariadb"):
        to = {"int": sa.BigInteger(), "str": sa.String(), "text": sa.String()}.get(node.kind.storage, to)
    return sa.cast(sql.expression(node.inner, scope), to)


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "is distinct from": lambda a, b: a.is_distinct_from(b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": lambda a, b: a % b,
    "||": lambda a, b: a.concat(b),
    "//": lambda a, b: a // b,
}


_OTHERS: dict[str, Callable[..., Any]] = {
    "and": sa.and_,
    "or": sa.or_,
    "not": sa.not_,
    "true": sa.true,
    "false": sa.false,
    "is null": lambda a: a.is_(None),
    "is not null": lambda a: a.is_not(None),
    "is not true": lambda a: a.is_not(sa.true()),
    "between": lambda a, low, high: a.between(low, high),
    "ilike": lambda a, b: a.ilike(b, escape="\\"),
    "ilike of any letters": lambda a, b: a.ilike(b, escape="\\"),
    "matches": lambda a, b: a.regexp_match(b),
    "negative": lambda a: -a,
}


@translates(e.Operation)
def _operation(sql: Translator, node: e.Operation[Any], scope: Scope) -> Any:
    operator = node.operator
    for one in node.arguments:
        if isinstance(one, e.Column) and one.kind.cipher is not None:
            refuse_encrypted(one, operator)
    if operator == "in":
        left = sql.expression(node.arguments[0], scope)
        right = sql.expression(node.arguments[1], scope)
        if isinstance(right, list):
            return left.in_(right) if right else sa.false()
        return left.in_(right)
    if operator == "like" and sql.dialect == "sqlite" and isinstance(node.arguments[1], e.Value):
        # LIKE of SQLite does not tell upper from lower case; GLOB does, and can use an index.
        left = sql.expression(node.arguments[0], scope)
        return left.bool_op("GLOB")(sql.bind(Bound(sql.value(), node.arguments[1].kind, convert=glob_text)))
    arguments = [sql.expression(one, scope) for one in node.arguments]
    if operator in ("+", "-", "difference") and node.arguments[0].kind.storage in (
        "datetime",
        "date",
        "time",
    ):
        return _timed(sql, node, arguments)
    if operator == "ilike of any letters" and sql.dialect == "sqlite":
        return sa.type_coerce(sa.func.segue_ilike(arguments[1], arguments[0]), sa.Boolean())
    simple = _COMPARISONS.get(operator)
    if simple is not None:
        return simple(arguments[0], arguments[1])
    if operator == "matches" and sql.dialect in MYSQL:
        arguments[0] = arguments[0].collate("utf8mb4_bin")
    other = _OTHERS.get(operator)
    if other is not None:
        return other(*arguments)
    match operator:
        case "like":
            left = (
                arguments[0].collate("utf8mb4_bin") if sql.dialect in ("mysql", "mariadb") else arguments[0]
            )
            return left.like(arguments[1], escape="\\")
        case "/":
            left, right = arguments
            if node.kind.storage == "float":
                left = sa.cast(left, sa.Double())
            return left.op("/")(right)
        case _:
            raise TypeError(f"there is no operator {operator!r}")


def _timed(sql: Translator, node: e.Operation[Any], arguments: list[Any]) -> Any:
    from segue.db.compiling.spelling.times import added, difference

    kind = node.arguments[0].kind
    if node.operator == "difference":
        return difference(sql, kind, *arguments)
    return added(sql, kind, *arguments, minus=node.operator == "-")


@translates(RelatedExists)
def _related_exists(sql: Translator, node: RelatedExists, scope: Scope) -> Any:
    source, conditions, _ = _related(sql, node, scope)
    return sa.exists(sa.select(sa.literal_column("1")).select_from(source).where(*conditions))


@translates(RelatedCount)
def _related_count(sql: Translator, node: RelatedCount, scope: Scope) -> Any:
    source, conditions, _ = _related(sql, node, scope)
    return sa.select(sa.func.count()).select_from(source).where(*conditions).scalar_subquery()


@translates(RelatedValue)
def _related_value(sql: Translator, node: RelatedValue, scope: Scope) -> Any:
    source, conditions, value = _related(sql, node, scope)
    return sa.select(value).select_from(source).where(*conditions).scalar_subquery()


def _related(
    sql: Translator, node: RelatedExists | RelatedCount | RelatedValue, scope: Scope
) -> tuple[Any, list[Any], Any]:
    """The tables and conditions of a question about related objects, beside each object of the scope, and the value that is asked."""
    resolve_all()
    steps = node.related._steps
    if any(step.many for step in steps[:-1]):
        first = next(step for step in steps if step.many)
        raise TypeError(
            f"{node.related!r} leads over two relations to many: ask in two steps, {first!r}.any({first.target.__name__}....any(...))"
        )
    step = steps[-1]
    here = scope._scope_of(steps[0].model).table_at(steps[:-1])
    inner = Scope(sql, step.target.__mapping__, scope)
    conditions = [sql.expression(one, inner) for one in node.conditions]
    value = sql.expression(node.expression, inner) if isinstance(node, RelatedValue) else None
    if step.ruled:
        return inner.source, conditions, value
    back = other_side(step)
    if back is not None:
        return (
            inner.source,
            [_equal(inner.table, back.columns, here, back.target.__mapping__.key), *conditions],
            value,
        )
    link = link_of(step)
    between = query_table(link.model.__mapping__).alias(sql.name_of_table())
    source = inner.source.join(
        between, _equal(between, link.there.columns, inner.table, link.there.target.__mapping__.key)
    )
    return (
        source,
        [_equal(between, link.here.columns, here, link.here.target.__mapping__.key), *conditions],
        value,
    )

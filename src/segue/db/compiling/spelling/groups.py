"""Functions over groups and windows, and choices, as each database spells them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from segue.db.compiling.spelling.functions import call, without
from segue.db.compiling.translation import Element, Scope, Translator, translates
from segue.db.functions.choices import Case
from segue.db.queries.aggregates import Aggregate
from segue.db.queries.windows import Over


@translates(Case)
def _case(sql: Translator, node: Case[Any], scope: Scope) -> Any:
    whens = [(sql.expression(one, scope), sql.expression(value, scope)) for one, value in node.whens]
    return sa.case(*whens, else_=sql.expression(node.default, scope))


@translates(Aggregate)
def _aggregate(sql: Translator, node: Aggregate[Any], scope: Scope) -> Any:
    return _finished(sql, node, _Group(sql, node, scope).made())


@translates(Over)
def _over(sql: Translator, node: Over[Any], scope: Scope) -> Any:
    inner = node.function
    if isinstance(inner, Aggregate):
        if sql.dialect == "sqlite" and (inner.order or inner.called.startswith(("var_", "stddev_"))):
            raise without(sql, f"{inner.called}() over a window")
        made = _Group(sql, inner, scope).made()
    else:
        made = call(sql, inner, [sql.expression(one, scope) for one in inner.arguments])
    partition = [sql.expression(one, scope) for one in node.partition]
    orders: list[Any] = []
    for order in node.order:
        found = sql.order(order, scope)
        orders += found if isinstance(found, list) else [found]
    frame: dict[str, Any] = {}
    if node.frame is not None:
        name, edges = node.frame
        frame["range_" if name == "range" else name] = edges
    if isinstance(made, Element):
        raise without(sql, f"{inner.called}() over a window")
    return _finished(sql, inner, made.over(partition_by=partition or None, order_by=orders or None, **frame))


def _finished(sql: Translator, node: Any, made: Any) -> Any:
    """As the type that it has everywhere: the sum of integers is a decimal in PostgreSQL and MySQL."""
    if sql.dialect == "sqlite":
        return made
    if node.called in ("sum", "avg") and node.kind.storage in ("int", "float"):
        return sa.cast(made, sa.BigInteger() if node.kind.storage == "int" else sa.Double())
    if node.called.startswith(("var_", "stddev_")):
        return sa.cast(made, sa.Double())
    return made


class _Group:
    """One aggregate. Its parts are translated in the order of ``walk``: arguments, condition, orders."""

    def __init__(self, sql: Translator, node: Aggregate[Any], scope: Scope) -> None:
        self.sql = sql
        self.node = node
        self.arguments = [sql.expression(one, scope) for one in node.arguments]
        self.where = None if node.where is None else sql.expression(node.where, scope)
        self.orders: list[Any] = []
        for order in node.order:
            found = sql.order(order, scope)
            self.orders += found if isinstance(found, list) else [found]

    def made(self) -> Any:
        match self.node.called:
            case "string_agg":
                return self.texts()
            case "collect":
                return self.values()
            case "every" | "some":
                return self.truth()
            case "var_pop" | "var_samp" | "stddev_pop" | "stddev_samp" if self.sql.dialect == "sqlite":
                name = "segue_variance" if self.node.called.startswith("var_") else "segue_deviation"
                sample: Any = sa.literal_column("1" if self.node.called.endswith("samp") else "0")
                return self.filtered(getattr(sa.func, name), *self.arguments, sample)
            case called:
                return self.filtered(getattr(sa.func, called), *self.arguments)

    def filtered(self, function: Any, *arguments: Any) -> Any:
        """The function over the rows for which the condition holds."""
        distinct = self.node.distinct
        if self.where is None or self.sql.dialect in ("postgresql", "sqlite"):
            first = [sa.distinct(one) if distinct else one for one in arguments[:1]]
            found = function(*first, *arguments[1:])
            return found if self.where is None else found.filter(self.where)
        chosen: Any = sa.case((self.where, arguments[0] if arguments else sa.literal_column("1")))
        return function(sa.distinct(chosen) if distinct else chosen, *arguments[1:])

    def truth(self) -> Any:
        every = self.node.called == "every"
        if self.sql.dialect == "postgresql":
            return self.filtered(sa.func.bool_and if every else sa.func.bool_or, *self.arguments)
        number = sa.case((self.arguments[0], sa.literal_column("1")), else_=sa.literal_column("0"))
        return self.filtered(sa.func.min if every else sa.func.max, number)

    def texts(self) -> Any:
        text, between = self.arguments
        match self.sql.dialect:
            case "postgresql":
                text = sa.cast(text, sa.Text())
                if self.orders:
                    if self.node.distinct:
                        self.orders = [_again(one, text) for one in self.orders]
                    return self.ordered(sa.func.string_agg, text, between)
                return self.filtered(sa.func.string_agg, text, between)
            case "sqlite":
                if not self.orders and not self.node.distinct:
                    return self.filtered(sa.func.group_concat, text, between)
                return self.in_python("segue_string_agg", between, text)
            case "mysql" | "mariadb":
                # Its separator cannot be a parameter: it stands before each text, and is taken away from the first one.
                found = self.joined(sa.func.concat(between, text), "")
                return sa.func.substring(found, sa.func.char_length(between) + sa.literal_column("1"))
            case "oracle" | "mssql":
                name = "listagg" if self.sql.dialect == "oracle" else "string_agg"
                made = getattr(sa.func, name)(text, between)
                return made.within_group(*self.orders) if self.orders else made
            case _:
                return self.filtered(sa.func.list, text, between)

    def values(self) -> Any:
        (one,) = self.arguments
        match self.sql.dialect:
            case "postgresql":
                if self.orders:
                    return self.ordered(sa.func.array_agg, one)
                return self.filtered(sa.func.array_agg, one)
            case "sqlite":
                if self.orders:
                    return self.in_python("segue_json_agg", one)
                return sa.func.nullif(self.filtered(sa.func.json_group_array, one), sa.literal_column("'[]'"))
            case "mysql" | "mariadb":
                item = sa.func.json_extract(sa.func.json_array(one), sa.literal_column("'$[0]'"))
                found = self.joined(item, ",")
                return sa.func.concat(sa.literal_column("'['"), found, sa.literal_column("']'"))
            case _:
                raise without(self.sql, "collect()")

    def ordered(self, function: Any, first: Any, *rest: Any) -> Any:
        """With the order inside, as PostgreSQL has it."""
        first = sa.distinct(first) if self.node.distinct else first
        *before, last = (first, *rest)
        found = function(*before, aggregate_order_by(last, *self.orders))
        return found if self.where is None else found.filter(self.where)

    def joined(self, text: Any, between: str) -> Any:
        """GROUP_CONCAT of MySQL. ``between`` is ours."""
        if self.where is not None:
            text = sa.case((self.where, text))
        parts: list[Any] = ["GROUP_CONCAT(DISTINCT " if self.node.distinct else "GROUP_CONCAT(", text]
        for at, order in enumerate(self.orders):
            parts += [", " if at else " ORDER BY ", order]
        return Element([*parts, f" SEPARATOR '{between}')"])

    def in_python(self, name: str, *arguments: Any) -> Any:
        """One of our aggregates in SQLite, which gets the order as values and directions."""
        directions = ""
        keys: list[Any] = []
        for order in self.node.order:
            last = not order.descending if order.nulls is None else order.nulls == "last"
            # SQLite itself has None first among ascending ones.
            if order.nulls is None:
                last = order.descending
            directions += ("d" if order.descending else "a") + ("l" if last else "f")
        for made in self.orders:
            inner = made
            while hasattr(inner, "modifier") and inner.modifier is not None:
                inner = inner.element
            keys.append(inner)
        *before, value = arguments
        distinct: Any = sa.literal_column("1" if self.node.distinct else "0")
        found = getattr(sa.func, name)(*before, sa.literal_column(f"'{directions}'"), distinct, value, *keys)
        return found if self.where is None else found.filter(self.where)


def _again(order: Any, text: Any) -> Any:
    """The same direction for the text itself: PostgreSQL orders distinct texts by nothing else, and compares how it is written."""
    return text.desc() if "desc" in str(order.modifier) else text.asc()

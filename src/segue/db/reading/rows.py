"""Rows become objects: a constructor is made for each shape of a result."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import repeat, starmap
from operator import itemgetter
from typing import Any, TypeAlias

from msgspec import UNSET

from segue.db.compiling.types import converter_from, inline_from
from segue.db.models.kinds import Kind
from segue.db.models.lineage import descendants, is_polymorphic
from segue.db.models.mapping import ColumnField, Mapping, Relation
from segue.db.models.state import Peers, State

__all__ = ["Build", "Reached", "needs_state", "objects", "scalars", "tuples"]

Build: TypeAlias = Callable[[Sequence[Any], Any], list[Any]]
"""Makes the results of rows; the second argument is the database that they came from."""

#: PERF: the slot itself, past `__setattr__`: a thousand objects get their state in 42 us instead of 270.
_set_state: Any = State.__dict__["_state"].__set__


#: PERF: a row of asyncpg as a tuple. What takes a thousand of them apart otherwise goes over an iterator of each: 173 us for a thousand
#: objects, 121 over tuples.
_whole: Any = itemgetter(slice(None))


class Reached:
    """A model whose columns are in a row: where they begin, and over which relation it hangs on another."""

    __slots__ = ("columns", "hidden", "mapping", "parent", "path", "relation", "start")

    def __init__(
        self,
        mapping: Mapping,
        columns: Sequence[ColumnField],
        start: int,
        parent: "Reached | None" = None,
        relation: Relation | None = None,
        *,
        hidden: bool = False,
    ) -> None:
        #: Whether a rule may hide it, although it is there.
        self.hidden = hidden
        self.mapping = mapping
        self.columns = columns
        self.start = start
        self.parent = parent
        self.relation = relation
        #: The relations from the model that is asked for to this one.
        self.path: tuple[Relation, ...] = (
            () if parent is None or relation is None else (*parent.path, relation)
        )


def needs_state(mapping: Mapping) -> bool:
    """Whether objects remember where they came from: for relations, and where a key does not tell that they are stored."""
    if mapping.lineage.kinds is not None:
        # What a query of the model at the top gives may be of a class with relations.
        return True
    return bool(mapping.relations or mapping.pointers) or not (
        len(mapping.key) == 1 and mapping.key[0].automatic
    )


def objects(dialect: str, reached: Sequence[Reached]) -> Build:
    """What makes a list of objects of rows; ``reached``: the model asked for, then those that hang on it, outer before inner."""
    build = _objects(dialect, reached)
    first = reached[0]
    if not needs_state(first.mapping):
        return build
    model, places = first.mapping.model, _places(first)

    def with_state(rows: Sequence[Any], database: Any) -> list[Any]:
        found = build(rows, database)
        deque(map(_set_state, found, repeat(Peers(model, rows, database, places))), 0)
        return found

    return with_state


def _objects(dialect: str, reached: Sequence[Reached]) -> Build:
    first = reached[0]
    model = first.mapping.model
    names = [column.name for column in first.columns]
    in_order = names == list(model.__struct_fields__[: len(names)])
    converters = [converter_from(column.kind, dialect) for column in first.columns]
    whole = in_order and first.start == 0 and len(reached) == 1 and not _absent(first)
    whole = whole and not is_polymorphic(first.mapping)
    if whole and not any(converters):
        # PERF: C all the way: 63 ns an object instead of 180 (a thousand rows of seven columns).
        if dialect == "postgresql":
            return lambda rows, _: list(starmap(model, map(_whole, rows)))
        return lambda rows, _: list(starmap(model, rows))
    quick = _generated(dialect, reached, inline=True)
    if not any(inline_from(column.kind, dialect, "c") for one in reached for column in one.columns):
        return quick
    careful = _generated(dialect, reached, inline=False)

    def build(rows: Sequence[Any], database: Any) -> list[Any]:
        try:
            return quick(rows, database)
        except (ValueError, TypeError):
            # Somebody else wrote values in a form that ours do not have.
            return careful(rows, database)

    return build


def _places(one: Reached) -> dict[str, int]:
    """In which cell of a row each column of a model is."""
    return {
        column.name: one.start + offset
        for offset, column in enumerate(one.columns)
        if one.mapping.columns.get(column.name) is column
    }


def _generated(dialect: str, reached: Sequence[Reached], *, inline: bool) -> Build:
    names: dict[str, Any] = {
        "UNSET": UNSET,
        "Peers": Peers,
        "set_state": _set_state,
        "iso": datetime.fromisoformat,
        "whole": _whole,
    }
    source_of_rows = "map(whole, rows)" if dialect == "postgresql" else "rows"
    total = max(one.start + len(one.columns) for one in reached)
    cells = ", ".join(f"c{at}" for at in range(total)) + ("," if total == 1 else "")
    made = [_made(dialect, reached, at, names, inline=inline) for at in range(len(reached))]
    absent = _absent(reached[0])
    if len(reached) == 1 and not absent:
        # PERF: a comprehension with what converts written out: 262 ns an object instead of 1,550 (SQLite, a date and a truth).
        lines = ["def build(rows, database):", f"    return [{made[0]} for {cells} in {source_of_rows}]"]
    else:
        lines = ["def build(rows, database):", "    found = []", "    add = found.append"]
        for at, one in enumerate(reached[1:], 1):
            lines.append(f"    seen{at} = {{}}")
            if needs_state(one.mapping):
                names[f"M{at}"] = one.mapping.model
                names[f"places{at}"] = _places(one)
                lines.append(f"    p{at} = Peers(M{at}, rows, database, places{at})")
        lines.append(f"    for {cells} in {source_of_rows}:")
        # Inner objects first: the outer ones are made with them in place.
        for at in range(len(reached) - 1, 0, -1):
            lines += _joined(reached[at], at, made[at])
        lines += [f"        o0 = {made[0]}", *(f"        del o0.{name}" for name in absent)]
        lines += ["        add(o0)", "    return found"]
    source = "\n".join(lines)
    exec(compile(source, "<rows>", "exec"), names)  # noqa: S102 -- our own text; of names only those of fields stand in it
    build: Build = names["build"]
    return build


def _given(one: Reached) -> list[str]:
    return [column.name for column in one.columns]


def _absent(one: Reached) -> list[str]:
    """The columns that a query left out; reading one of them raises NotLoaded."""
    given = set(_given(one))
    return [name for name in one.mapping.columns if name not in given]


def _made(dialect: str, reached: Sequence[Reached], at: int, names: dict[str, Any], *, inline: bool) -> str:
    """The call that makes an object of the cells of a row."""
    one = reached[at]
    cells: list[tuple[ColumnField, str]] = []
    for offset, column in enumerate(one.columns):
        # A class that derives from the model has columns that are empty for others.
        apart = at > 0 or one.mapping.columns.get(column.name) is not column
        place = one.start + offset
        cells.append((column, _cell(column.kind, dialect, place, names, inline=inline, joined=apart)))
    # None if there is none: it was looked for.
    inside = {
        other.relation.name: _unless_hidden(other, f"o{inner}", one)
        for inner, other in enumerate(reached)
        if other.parent is one and other.relation is not None
    }
    made = _call(one.mapping, cells, inside, f"M{at}", names)
    if not is_polymorphic(one.mapping):
        return made
    kinds = one.mapping.columns[one.mapping.lineage.kinds or ""]
    cell = f"c{one.start + list(one.columns).index(kinds)}"
    for number, child in enumerate(descendants(one.mapping)):
        call = _call(child, cells, inside, f"M{at}_{number}", names)
        made = f"{call} if {cell} == {child.lineage.kind!r} else {made}"
    return f"({made})"


def _unless_hidden(other: Reached, made: str, owner: Reached) -> str:
    """What an object has for a relation: the other one; nothing where it refers to one that a rule hides."""
    relation = other.relation
    if relation is None or not relation.refers or not other.hidden:
        return made
    key = relation.columns[0]
    cell = f"c{owner.start + owner.columns.index(key)}" if key in owner.columns else "UNSET"
    return f"(UNSET if {made} is None and {cell} is not None else {made})"


def _call(
    mapping: Mapping,
    cells: Sequence[tuple[ColumnField, str]],
    inside: dict[str, str],
    called: str,
    names: dict[str, Any],
) -> str:
    """The call that makes an object of one class."""
    names[called] = mapping.model
    given = {column.name: text for column, text in cells if mapping.columns.get(column.name) is column}
    given.update(inside)
    fields = list(mapping.model.__struct_fields__)
    last = max(index for index, name in enumerate(fields) if name in given) + 1
    return f"{called}({', '.join(given.get(name, 'UNSET') for name in fields[:last])})"


def _cell(kind: Kind, dialect: str, place: int, names: dict[str, Any], *, inline: bool, joined: bool) -> str:
    """A value of Python from a cell."""
    cell = f"c{place}"
    convert = converter_from(kind, dialect)
    if convert is None:
        return cell
    text = inline_from(kind, dialect, cell) if inline else None
    if text is None:
        names[f"f{place}"] = convert
        text = f"f{place}({cell})"
    return f"(None if {cell} is None else {text})" if kind.null or joined else text


def _joined(one: Reached, at: int, made: str) -> list[str]:
    """The lines that make an object that hangs on another: one object for one key, as the database has one row for it."""
    keys = [f"c{one.start + offset}" for offset, column in enumerate(one.columns) if column.options.key]
    key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    state = [f"set_state(o{at}, p{at})"] if needs_state(one.mapping) else []
    return [
        f"        if {keys[0]} is None:",
        f"            o{at} = None",
        "        else:",
        f"            o{at} = seen{at}.get({key})",
        f"            if o{at} is None:",
        *(f"                {line}" for line in (f"o{at} = seen{at}[{key}] = {made}", *state)),
    ]


def tuples(dialect: str, kinds: Sequence[Any]) -> Build:
    """What makes a list of tuples of rows, with values of Python in them."""
    converters = [converter_from(kind, dialect) for kind in kinds]
    if not any(converters):
        make: Any = _whole if dialect == "postgresql" else tuple
        return lambda rows, _: list(map(make, rows))

    def build(rows: Sequence[Any], _: Any) -> list[Any]:
        return [
            tuple(
                value if convert is None or value is None else convert(value)
                for value, convert in zip(row, converters, strict=True)
            )
            for row in rows
        ]

    return build


def scalars(dialect: str, kind: Any) -> Build:
    """What makes a list of the values of one column."""
    convert = converter_from(kind, dialect)
    if convert is None:
        return lambda rows, _: [row[0] for row in rows]
    return lambda rows, _: [None if row[0] is None else convert(row[0]) for row in rows]

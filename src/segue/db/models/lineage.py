"""Models that derive from models with a table: rows of one table, of joined tables, or another class for the same rows."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from segue.db.models.columns import ColumnField, tokens

if TYPE_CHECKING:
    from segue.db.models.mapping import Mapping

__all__ = ["Lineage", "Part", "Style", "descendants", "everything", "homes", "is_polymorphic", "parts"]

Style: TypeAlias = Literal["own", "single", "joined", "proxy"]
"""Where the rows of a model are: in a table of its own, in that of its parent, in that and one of its own; or it adds nothing."""


class Lineage:
    """What a model has from the one that it derives from.

    ``base``: that model, if it has a table. ``parent``: the same, if rows are shared with it. ``kinds``: the name of the field that says of which class a row is, None where there is one class. ``kind``: what it says
    of this class. ``children``: the models that derive from it and share its rows.
    """

    __slots__ = ("base", "children", "kind", "kinds", "parent", "style")

    def __init__(self, style: Style, base: "Mapping | None", kinds: str | None, kind: str | None) -> None:
        self.style: Style = style
        self.base = base
        self.parent = base if style != "own" else None
        self.kinds = kinds
        self.kind = kind
        self.children: list[Mapping] = []

    def begin(self, mapping: "Mapping") -> None:
        """Tells the models above of a new one: what was known of their rows holds no longer."""
        above = self.parent
        if above is None:
            return
        above.lineage.children.append(mapping)
        if self.style != "proxy":
            type.__setattr__(above.model, "__open__", True)
            type.__setattr__(mapping.model, "__open__", False)
        while above is not None:
            above.kept.pop("query table", None)
            above.kept.pop("stored table", None)
            for one in (above, *above.lineage.children):
                one.token = next(tokens)
            above = above.lineage.parent


class Part(NamedTuple):
    """One of the tables over which objects of a model are spread, and their columns in it."""

    home: "Mapping"
    columns: tuple[ColumnField, ...]


def chain(mapping: "Mapping") -> "Iterator[Mapping]":
    """A model and those whose rows it shares, upwards."""
    one: Mapping | None = mapping
    while one is not None:
        yield one
        one = one.lineage.parent


def homes(mapping: "Mapping") -> "list[Mapping]":
    """The models whose tables hold objects of this one, the first one first."""
    found: list[Mapping] = []
    for one in chain(mapping):
        if one.home not in found:
            found.append(one.home)
    found.reverse()
    return found


def descendants(mapping: "Mapping") -> "Iterator[Mapping]":
    """The models that derive from this one and share its rows, a child after its parent; no proxies."""
    shared = mapping.lineage.parent if mapping.lineage.style == "proxy" else mapping
    for child in () if shared is None else shared.lineage.children:
        if child.lineage.style == "proxy":
            continue
        child.resolve()
        yield child
        yield from descendants(child)


def is_polymorphic(mapping: "Mapping") -> bool:
    """Whether its rows may be objects of several classes."""
    return mapping.lineage.kinds is not None and any(True for _ in descendants(mapping))


def everything(mapping: "Mapping") -> list[ColumnField]:
    """The columns that objects of a query of this model may have: its own, and those of the classes that derive from it."""
    found = list(mapping.columns.values())
    if is_polymorphic(mapping):
        for child in descendants(mapping):
            found += [column for column in child.columns.values() if column not in found]
    return found


def parts(mapping: "Mapping") -> tuple[Part, ...]:
    """The tables of its objects, the one that makes the key first; each of the others has the key too."""
    found: tuple[Part, ...] | None = mapping.kept.get("parts")
    if found is None:
        made: list[Part] = []
        for at, home in enumerate(homes(mapping)):
            columns = [one for one in mapping.columns.values() if one.home is home]
            made.append(Part(home, tuple(columns if at == 0 else (*mapping.key, *columns))))
        found = mapping.kept["parts"] = tuple(made)
    return found


def in_table(home: "Mapping") -> "list[tuple[Mapping, ColumnField]]":
    """The columns of a table, each with the model that says it: those of the classes in the same table too."""
    found: list[tuple[Mapping, ColumnField]] = []
    names: dict[str, ColumnField] = {}
    if home.lineage.style == "joined":
        found += [(home, column) for column in home.key]
    for one in (home, *descendants(home)):
        for column in one.columns.values():
            present = names.get(column.column)
            if column.home is not home or present is column:
                continue
            if present is not None:
                raise TypeError(
                    f"{column!r} and {present!r} are both the column {column.column!r} of the table {home.table}: "
                    f"say field(column=...) of one of them"
                )
            names[column.column] = column
            found.append((one, column))
    return found

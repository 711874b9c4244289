"""The columns of a grid: what is shown of each object, how it is called, and how it is sorted by."""

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from markupsafe import escape

from segue.core.texts.lazy import Words
from segue.db.models.mapping import Mapping
from segue.db.queries.expressions import Column as ColumnNode, Expr
from segue.db.queries.paths import ManyPath, OnePath, Path, path_to
from segue.grid.cells import Cell, cell_of_kind, link_cell, mail_cell, shown_cell, text_cell
from segue.grid.naming import label_of_column, label_of_related, label_of_relation, naming_column, object_text
from segue.html.forms.choices import label_of
from segue.html.forms.fieldtype import field_type

__all__ = ["Column", "column_of", "default_columns", "detail_columns"]

M = TypeVar("M")

#: Kinds of columns that are nothing to read in a table.
_UNREAD = frozenset({"text", "json", "bytes", "array", "vector", "range"})
_NAMING = frozenset({"name", "title", "label"})
_BY_FORMAT = {"uri": link_cell, "email": mail_cell}


class Column(Generic[M]):
    """A column of a grid, where more is to be said than which field it shows:

        Grid(Film, columns=[
            Film.title,
            Column(Film.budget, "Cost", show=lambda value: f"{value:,} €"),
            Column(age, sort=Film.year),                                # def age(film: Film) -> int
            Column(Film.reviews.count(), "Reviews"),
        ])

    ``what``: a field, also of a related model; a relation, whose objects are called by their names; anything else that the
    database computes; or a function of the object. ``label``: what stands above it. ``show``: makes of the value what is to
    be read: text, which is escaped, or elements and markup. ``sort``: what is sorted by, for a function; False: it is not
    sorted by. ``name``: in URLs and in exports. ``load``: relations that a function asks.
    """

    __slots__ = ("_get", "cell", "expression", "label", "load", "name", "numeric", "order", "show", "what")

    def __init__(
        self,
        what: Any,
        label: Words | None = None,
        *,
        show: Callable[[Any], Any] | None = None,
        sort: Any = None,
        name: str | None = None,
        load: tuple[Any, ...] = (),
    ) -> None:
        self.what = what
        self.show = show
        self.load = load
        #: What is asked for beside the objects, for what is no field of theirs.
        self.expression: Expr[Any] | None = None
        self.numeric = False
        self.cell: Cell = text_cell
        self.order: Expr[Any] | None = None
        self._get: Callable[[M], Any]
        if isinstance(what, ColumnNode):
            own, self.label = self._of_field(what)
        elif isinstance(what, Path):
            own, self.label = self._of_relation(what)
        elif isinstance(what, Expr):
            self.expression = self.order = what
            self._of_kind(what)
            own = _identifier(what.name())
            self.label = label_of(own)
        elif callable(what):
            self._get = what
            own = _identifier(getattr(what, "__name__", "") if label is None else str(label))
            self.label = label_of(own)
        else:
            raise TypeError(
                f"a column is a field, Film.title or Film.director.name, a relation, an expression or a function of the object, "
                f"not {what!r:.80}"
            )
        if label is not None:
            self.label = label
        if show is not None:
            self.cell = shown_cell(show)
        self.name = name or own
        if sort is not None:
            self.order = None if sort is False else sort

    def value(self, target: M) -> Any:
        """What an object has here; not of a column that is asked for beside the objects."""
        return self._get(target)

    def _of_kind(self, expression: Expr[Any]) -> None:
        self.numeric = expression.kind.storage in ("int", "float", "decimal")
        self.cell = cell_of_kind(expression.kind)

    def _of_field(self, node: Any) -> tuple[str, Words]:
        path = node.path
        field = node.field
        self._of_kind(node)
        self.cell = _BY_FORMAT.get(field_type(field.hint).limits.format or "", self.cell)
        self.order = None if field.kind.storage in _UNREAD - {"text"} else node
        if path:
            self.load = (*self.load, path_to(path))
        self._get = _getter((*(one.name for one in path), field.name))
        name = ".".join((*(one.name for one in path), field.name))
        label = label_of_column(field)
        if path:
            named = field.name in _NAMING
            label = label_of_relation(path[-1]) if named else label_of_related(path[-1], label)
        return name, label

    def _of_relation(self, path: Path) -> tuple[str, Words]:
        steps = path._steps
        self.load = (*self.load, path)
        self._get = _getter(tuple([one.name for one in steps]))
        self.cell = _names if isinstance(path, ManyPath) else _name
        if isinstance(path, OnePath):
            named = naming_column(steps[-1].target)
            self.order = path._columns()[0] if named is None else path._reach(named.name)
        return ".".join([one.name for one in steps]), label_of_relation(steps[-1])

    def __repr__(self) -> str:
        return f"<Column {self.name}>"


def column_of(what: Any) -> Column[Any]:
    """A column for what a grid was given."""
    return what if isinstance(what, Column) else Column(what)


def default_columns(model: Any) -> list[Column[Any]]:
    """All fields that can be read in a table, and relations to one by the names of their objects."""
    mapping: Mapping = model.__mapping__
    found: list[Column[Any]] = []
    for column in mapping.columns.values():
        options = column.options
        if options.private or options.write_only or column.automatic or options.version:
            continue
        if column.reference is not None:
            if column is column.reference.columns[0]:
                found.append(Column(mapping.expression(column.reference.name)))
        elif column.kind.storage not in _UNREAD:
            found.append(Column(mapping.expression(column.name)))
    return found or [Column(mapping.expression(one.name)) for one in mapping.key]


def detail_columns(model: Any) -> list[Column[Any]]:
    """All fields of an object that anybody may read, and its relations to one, for a page of its own."""
    mapping: Mapping = model.__mapping__
    found: list[Column[Any]] = []
    for column in mapping.columns.values():
        if column.options.private or column.options.write_only:
            continue
        if column.reference is None:
            found.append(Column(mapping.expression(column.name)))
        elif column is column.reference.columns[0]:
            found.append(Column(mapping.expression(column.reference.name)))
    return found


def _getter(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """What follows names from an object on; None where one on the way is missing."""
    if len(names) == 1:
        (only,) = names
        return lambda target: getattr(target, only)

    def get(target: Any) -> Any:
        for name in names:
            if target is None:
                return None
            target = getattr(target, name)
        return target

    return get


def _name(value: Any) -> str:
    return str(escape(object_text(value)))


def _names(values: Any) -> str:
    return str(escape(", ".join([object_text(one) for one in values])))


def _identifier(text: str) -> str:
    """A text as a name for URLs and exports."""
    name = re.sub(r"[^0-9A-Za-z_.]+", "_", text).strip("_.")
    return name if name and not name[0].isdigit() else f"column_{name}".rstrip("_")

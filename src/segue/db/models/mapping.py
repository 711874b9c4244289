"""How a model maps to a table: its columns, its keys and its relations, resolved when all models are there."""

from collections.abc import Callable, Iterator, Mapping as MappingOf, Sequence
from typing import TYPE_CHECKING, Any, Union

from msgspec import UNSET

from segue.db.models.columns import ColumnField, Declared, Link, Relation, tokens
from segue.db.models.fields import Options
from segue.db.models.fieldtypes import annotate, constraints
from segue.db.models.hashed import Hashed
from segue.db.models.hints import evaluated, without_none
from segue.db.models.kinds import Kind, kind_of
from segue.db.models.lineage import Lineage
from segue.db.models.pointers import Pointer
from segue.db.models.registry import (
    by_name,
    forget,
    kept_up,
    registered,
    resolve_all,
    resolve_what_can_be,
    waiting,
)
from segue.db.queries.expressions import Column

if TYPE_CHECKING:
    from segue.db.models.model import Keyed

__all__ = [
    "ColumnField",
    "Declared",
    "Link",
    "Mapping",
    "Pointer",
    "Relation",
    "constraints",
    "forget",
    "registered",
    "resolve_all",
    "resolve_what_can_be",
]


#: The options of a field that say what kind of column it is.
_OF_KIND = (
    "digits",
    "places",
    "bits",
    "array",
    "hstore",
    "text",
    "json",
    "zone",
    "collation",
    "srid",
    "geography",
    "dimensions",
)


class Mapping:
    """All that is known of a model: ``Post.__mapping__``."""

    def __init__(
        self,
        model: Any,
        declared: Sequence[Declared],
        *,
        table: str,
        schema: str | None,
        database: str | None,
        lineage: Lineage,
        names: MappingOf[str, Any] | None = None,
        file: str = "",
    ) -> None:
        self.model: type[Keyed] = model
        self.declared = declared
        self.database = database
        #: The model with a table that it derives from, if any, and how it shares the rows of that.
        self.parent = lineage.base
        self.lineage = lineage
        above = lineage.parent
        shared = above is not None and lineage.style != "joined"
        #: The mapping in whose table its own columns are.
        self.home: Mapping = above.home if above is not None and shared else self
        self.table: str = self.home.table if shared else table
        self.schema: str | None = self.home.schema if shared else schema
        #: Where it is defined.
        self.file = file
        self.names = dict(names or {})
        #: Stands for it in the shapes of queries; ``order`` tells which models were defined before it.
        self.token = self.order = next(tokens)
        self.columns: dict[str, ColumnField] = {}
        self.relations: dict[str, Relation] = {}
        #: Relations to objects of any of several models.
        self.pointers: dict[str, Pointer] = {}
        self.key: tuple[ColumnField, ...] = ()
        self.own_key = any(one.options.key for one in declared)
        self.expressions: dict[str, Any] = {}
        #: Everything that others keep about this model: its table, its statements, its validators.
        self.kept: dict[Any, Any] = {}
        self._resolved = False
        by_name.setdefault(model.__name__, []).append(self)
        waiting.append(self)
        lineage.begin(self)

    def __repr__(self) -> str:
        return f"<mapping of {self.model.__name__} to {self.table}>"

    @property
    def indirect(self) -> bool:
        """Whether an object by its key takes more than the columns of its table: rules, tables of others."""
        return self.parent is not None or self.lineage.kinds is not None or "rules" in self.kept

    @property
    def family(self) -> "type[Keyed]":
        """The model at the top of those whose rows it shares: objects are one if their keys are alike in it."""
        above = self.lineage.parent
        return self.model if above is None else above.family

    # -- what is known at once

    def resolve(self) -> None:
        """Finds the types of its columns and the models of its relations. Raises TypeError for what is none."""
        if self._resolved:
            return
        self._resolved = True
        try:
            self._resolve()
        except BaseException:
            self._resolved = False
            raise

    def _resolve(self) -> None:
        above = self.lineage.parent
        if above is not None:
            above.resolve()
            self.columns.update(above.columns)
            self.relations.update(above.relations)
            self.pointers.update(above.pointers)
        for one in self.declared:
            if one.name in self.columns or one.name in self.relations or one.name in self.pointers:
                continue
            if one.style == "field":
                self._add_column(one)
            elif one.style == "ref":
                self._add_reference(one)
            elif one.style == "any":
                self._add_pointer(one)
        self.key = tuple(column for column in self.columns.values() if column.options.key)
        if not self.key:
            raise TypeError(
                f"{self.model.__name__} has no key: say key=True of a field, or derive from Model, which has an id"
            )
        for one in self.declared:
            if one.style in ("many", "one") and one.name not in self.relations:
                hint = evaluated(one.hint, one, self)
                many = one.style == "many"
                self.relations[one.name] = Relation(
                    self.model, one.name, hint, one.options, many=many, null=True, reverse=not many
                )
        annotate(self)
        if self not in kept_up and any(
            one.options.formula or one.options.least is not None or one.options.most is not None
            for one in self.declared
            if one.name in self.model.__annotations__
        ):
            kept_up.append(self)
            for mapping in registered():
                mapping.kept.pop("receivers", None)
        if self in waiting:
            waiting.remove(self)

    def _add_column(self, one: Declared) -> None:
        options = one.options
        hint = evaluated(one.hint, one, self)
        try:
            kind = kind_of(
                hint,
                length=options.max_length,
                cipher=_cipher(options.encrypted),
                **{name: getattr(options, name) for name in _OF_KIND},
            )
        except TypeError as error:
            raise TypeError(f"{self.model.__name__}.{one.name}: {error}") from None
        if options.hashed is not None:
            if kind.storage not in ("str", "text"):
                raise TypeError(f"{self.model.__name__}.{one.name}: hashed= is of text: Field[str]")
            # What holds for the text does not hold for what is made of it.
            kind = Kind("str", Hashed, null=kind.null, length=255)
        if options.formula is not None and options.default is UNSET and options.default_factory is None:
            raise TypeError(
                f"{self.model.__name__}.{one.name}: a formula is computed when objects are there already: say default= too"
            )
        self.columns[one.name] = ColumnField(self, one.name, kind, hint, options)

    def _add_pointer(self, one: Declared) -> None:
        hint, null = without_none(evaluated(one.hint, one, self))
        pointer = Pointer(self, one.name, hint, null=null)
        shared: dict[str, Any] = {
            name: getattr(one.options, name)
            for name in ("private", "read_only", "write_only", "label", "help")
        }
        if null:
            shared["default"] = None
        checks: dict[str, Any] = {"type": pointer.check, "id": None}
        for what, check in checks.items():
            name = f"{one.name}_{what}"
            length = 120 if what == "type" else 190
            options = Options(max_length=length, validate=check, **shared)
            kind = kind_of(str, length=length)
            plain: Any = Union[str, None] if null else str  # noqa: UP007 -- a type of its own
            made = ColumnField(self, name, kind.nullable() if null else kind, plain, options)
            self.columns[name] = made
            if what == "type":
                pointer.type = made
            else:
                pointer.key = made
        self.pointers[one.name] = pointer

    def _add_reference(self, one: Declared) -> None:
        hint = evaluated(one.hint, one, self)
        target, null = without_none(hint)
        relation = Relation(self.model, one.name, target, one.options, many=False, null=null)
        other = relation.target.__mapping__
        if other is not self:
            other.resolve()
        keys = other.key or tuple(c for c in other.columns.values() if c.options.key)
        columns: list[ColumnField] = []
        for key in keys:
            name = f"{one.name}_{key.name}"
            present = self.columns.get(name)
            if present is None and name not in self.model.__struct_fields__:
                raise TypeError(
                    f"{relation!r}: the key of {relation.target.__name__} is {key.name!r}, which was not known when {self.model.__name__} was "
                    f"defined: define {relation.target.__name__} before it"
                )
            if present is None:
                kind = key.kind.nullable() if null else key.kind
                options = Options(
                    column=one.options.column if len(keys) == 1 and one.options.column else None,
                    key=one.options.key,
                    unique=one.options.unique and len(keys) == 1,
                    index=one.options.index or not (one.options.unique or one.options.key),
                    default=None if null and one.options.default is UNSET else one.options.default,
                    private=one.options.private,
                    read_only=one.options.read_only,
                    write_only=one.options.write_only,
                    label=one.options.label,
                    help=one.options.help,
                )
                hint = Union[key.hint, None] if null else key.hint  # noqa: UP007 -- known only now
                present = self.columns[name] = ColumnField(self, name, kind, hint, options, relation)
            else:
                present.reference = relation
            columns.append(present)
        relation.columns = tuple(columns)
        self.relations[one.name] = relation

    def expression(self, name: str) -> Any:
        """What ``Post.title`` and ``Post.author`` are: an expression, or what leads to those of another model."""
        found = self.expressions.get(name)
        if found is None:
            resolve_all()
            column = self.columns.get(name)
            if column is not None:
                found = Column(column)
            elif name in self.pointers:
                from segue.db.queries.pointing import AnyPath

                found = AnyPath(self.pointers[name])
            else:
                from segue.db.queries.paths import path_to

                found = path_to((self.relations[name],))
            self.expressions[name] = found
        return found

    def stored_columns(self) -> Iterator[ColumnField]:
        """The columns that are written."""
        return (column for column in self.columns.values() if not column.generated)


def _cipher(encrypted: Any) -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]] | None:
    if encrypted is None:
        return None
    return encrypted.encrypt, encrypted.decrypt

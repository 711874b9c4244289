"""What a model is made of: the columns of its table, and its relations to other models."""

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from segue.db.models.fields import Options
from segue.db.models.kinds import Kind
from segue.db.models.registry import model_named
from segue.db.queries.expressions import Expr

if TYPE_CHECKING:
    from segue.db.models.mapping import Mapping
    from segue.db.models.model import Keyed

__all__ = ["ColumnField", "Declared", "Link", "Relation", "tokens"]

#: Numbers that stand for models, columns and relations in the shape of a query.
tokens = itertools.count()


class Declared(msgspec.Struct, frozen=True, eq=False):
    """An annotation in the body of a model: ``style`` is "field", "ref", "many", "one" or "any", ``hint`` what is in its brackets."""

    name: str
    style: str
    hint: Any
    options: Options
    module: str


class ColumnField:
    """A column: its name in Python and in the database, its kind, and what the model says about it."""

    __slots__ = ("column", "hint", "home", "kind", "model", "name", "options", "reference", "token")

    def __init__(
        self,
        mapping: "Mapping",
        name: str,
        kind: Kind,
        hint: Any,
        options: Options,
        reference: "Relation | None" = None,
    ) -> None:
        self.model: type[Keyed] = mapping.model
        #: The mapping in whose table it is.
        self.home: Mapping = mapping.home
        self.name = name
        self.column = options.column or name
        self.kind = kind
        self.hint = hint
        self.options = options
        #: The relation whose key it holds.
        self.reference = reference
        self.token = next(tokens)

    def __repr__(self) -> str:
        return f"{self.model.__name__}.{self.name}"

    @property
    def generated(self) -> bool:
        """Whether only the database writes it."""
        return self.options.computed is not None

    @property
    def filled(self) -> bool:
        """Whether it is made when the object is written, so that nobody has to give it."""
        return self.options.compute is not None or self.options.slug is not None

    @property
    def from_database(self) -> bool:
        """Whether the database has a value where none is given."""
        options = self.options
        return (
            options.db_default is not None
            or options.computed is not None
            or _is_function(options.default)
            or (options.key and self.kind.storage == "int" and self.reference is None and self._alone)
        )

    @property
    def _alone(self) -> bool:
        mapping = self.model.__mapping__
        return len(mapping.key) == 1

    @property
    def automatic(self) -> bool:
        """Whether it is a number that the database counts up."""
        return (
            self.options.key
            and self.kind.storage == "int"
            and self.reference is None
            and self._alone
            and self.options.default is UNSET
            and self.options.default_factory is None
        )


class Relation:
    """A relation of a model to another: to one over a key of its own, to one that has the key (``reverse``), or to many.

    ``columns``: of a relation to one, those that hold the other's key. ``back``: of a relation to many, the relation to one
    over there whose other side it is. ``link``: of one over a link table, that table's mapping with its two relations.
    """

    __slots__ = (
        "back",
        "columns",
        "hint",
        "link",
        "many",
        "model",
        "name",
        "null",
        "options",
        "reverse",
        "token",
        "_target",
    )

    def __init__(
        self,
        model: Any,
        name: str,
        hint: Any,
        options: Options,
        *,
        many: bool,
        null: bool,
        reverse: bool = False,
    ) -> None:
        self.model: type[Keyed] = model
        self.name = name
        self.hint = hint
        self.options = options
        self.many = many
        self.reverse = reverse
        self.null = null or many or reverse
        self.columns: tuple[ColumnField, ...] = ()
        self.back: Relation | None = None
        self.link: Link | None = None
        self.token = next(tokens)
        self._target: type[Keyed] | None = None

    def __repr__(self) -> str:
        return f"{self.model.__name__}.{self.name}"

    @property
    def target(self) -> "type[Keyed]":
        """The other model."""
        found = self._target
        if found is None:
            found = self._target = model_named(self.hint, self.model, self.name)
        return found

    @property
    def refers(self) -> bool:
        """Whether it has the key of the other one in columns of its own."""
        return not self.many and not self.reverse

    def forget(self, target: Any, key: Any) -> None:
        """Drops the other object that was loaded, now that another key was assigned."""
        attribute = next(
            base.__dict__[self.name] for base in type(target).__mro__ if self.name in base.__dict__
        )
        found = attribute.slot.__get__(target)
        if found is UNSET:
            return
        known = None if found is None else getattr(found, self.target.__mapping__.key[0].name)
        if known != key:
            attribute.slot.__set__(target, UNSET)

    @property
    def ruled(self) -> bool:
        """Whether it is a condition, and no table holds it."""
        return self.options.rule is not None or self.options.via is not None

    @property
    def on_delete(self) -> str:
        """What becomes of objects whose other side is deleted."""
        return self.options.on_delete or ("set null" if self.null else "restrict")


class Link(msgspec.Struct, frozen=True, eq=False):
    """A link table: its model, the relation to here and the relation to the others."""

    model: Any
    here: Relation
    there: Relation


def _is_function(value: Any) -> bool:
    """Whether it is ``now``, or an expression: something that the database computes."""
    return isinstance(value, Expr) or getattr(value, "__segue_function__", False)

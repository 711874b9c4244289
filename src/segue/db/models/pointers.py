"""References to a row of any of several models: what model, and its key as text."""

from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec import UNSET

from segue.db.errors import Missing, NotLoaded
from segue.db.models.attributes import RelatedAttribute, key_of
from segue.db.models.columns import ColumnField, tokens
from segue.db.models.registry import model_named, registered

if TYPE_CHECKING:
    from segue.db.models.mapping import Mapping

__all__ = ["Pointer", "PointerAttribute", "label_of"]


class Pointer:
    """An AnyRef of a model: where it may lead, and its two columns."""

    __slots__ = ("_targets", "hint", "key", "model", "name", "null", "token", "type")

    def __init__(self, mapping: "Mapping", name: str, hint: Any, *, null: bool) -> None:
        self.model: Any = mapping.model
        self.name = name
        self.hint = hint
        self.null = null
        self.type: ColumnField
        self.key: ColumnField
        self.token = next(tokens)
        self._targets: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"{self.model.__name__}.{self.name}"

    @property
    def targets(self) -> dict[str, Any]:
        """The models that it may lead to, by what stands for them in the column; all there are, for ``AnyRef[Model]``."""
        if self._targets is None:
            named = [_resolved(one, self) for one in _members(self.hint)]
            if any("__mapping__" not in one.__dict__ for one in named):
                return {label_of(one.model): one.model for one in registered() if "link of" not in one.kept}
            self._targets = {label_of(one): one.__mapping__.family for one in named}
        return self._targets

    def pair(self, other: Any) -> tuple[Any, Any]:
        """What the two columns hold when it leads to an object; UNSET as a key for one that is not saved."""
        if other is None:
            return None, None
        label = label_of(type(other)) if hasattr(type(other), "__mapping__") else None
        if label not in self.targets:
            known = ", ".join(one.__name__ for one in self.targets.values())
            raise TypeError(f"{self!r} leads to {known}, not to {other!r:.80}")
        key = key_of(other)
        return label, key if key is UNSET else key_text(key)

    def model_of(self, label: str) -> Any:
        """The model that a text in the column stands for. Raises ValueError where it may not lead there."""
        found = self.targets.get(label)
        if found is None:
            raise ValueError(f"Expected one of {', '.join(sorted(self.targets))}")
        return found

    def check(self, label: str) -> str:
        """Whether a text stands for a model: what is checked of values of the column."""
        self.model_of(label)
        return label


def label_of(model: Any) -> str:
    """What stands for a model in the database: the name of its table, with its schema if it has one."""
    mapping: Mapping = model.__mapping__.family.__mapping__
    return mapping.table if mapping.schema is None else f"{mapping.schema}.{mapping.table}"


def key_text(key: Any) -> str:
    """A key as text; one of several columns as JSON."""
    return msgspec.json.encode(key).decode() if isinstance(key, tuple) else str(key)


def key_from(model: Any, text: str) -> Any:
    """The key that a text says."""
    columns = model.__mapping__.key
    if len(columns) == 1:
        return msgspec.convert(text, columns[0].hint, strict=False)
    values = msgspec.json.decode(text, type=list[Any])
    return tuple(
        msgspec.convert(value, column.hint, strict=False)
        for value, column in zip(values, columns, strict=True)
    )


def _members(hint: Any) -> list[Any]:
    if isinstance(hint, str):
        return [one.strip() for one in hint.split("|") if one.strip() != "None"]
    return [one for one in get_args(hint) if one is not type(None)] or [hint]


def _resolved(hint: Any, pointer: Pointer) -> Any:
    if isinstance(hint, type) and hasattr(hint, "__counts__"):
        return hint
    if isinstance(hint, str) and hint.rpartition(".")[2] in ("Model", "Keyed"):
        from segue.db.models.model import Keyed

        return Keyed
    return model_named(hint, pointer.model, pointer.name)


class PointerAttribute(RelatedAttribute):
    """A relation to an object of any model, in an object."""

    __slots__ = ()

    def _sought(self, target: Any) -> Any:
        pointer: Pointer = type(target).__mapping__.pointers[self.name]
        pair = getattr(target, pointer.type.name), getattr(target, pointer.key.name)
        if None in pair:
            return None
        loaded = self._loaded(target)
        if loaded is None or pair not in loaded:
            start = type(target).__name__
            raise NotLoaded(
                f"{start}.{self.name} was not loaded: it leads to {pair[0]} {pair[1]}. Add .load({start}.{self.name}) to the query, or "
                f"`await {start.lower()}.load({start}.{self.name})`, which loads it for all that came from the same query"
            )
        found = loaded[pair]
        if found is None:
            raise Missing(f"{pointer!r} leads to {pair[0]} {pair[1]}, which is not there any more")
        self.slot.__set__(target, found)
        return found

    def __set__(self, target: Any, value: Any) -> None:
        pointer: Pointer = type(target).__mapping__.pointers[self.name]
        if value is None and not pointer.null:
            raise TypeError(f"{pointer!r} cannot be None")
        pair = pointer.pair(value)
        setattr(target, pointer.type.name, pair[0])
        if pair[1] is not UNSET:
            setattr(target, pointer.key.name, pair[1])
        self.slot.__set__(target, value)

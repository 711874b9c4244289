"""Bodies that are not the whole of a model yet: what clients may say of a new one, or change of one that is there."""

import copy
import dataclasses
import functools
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import UNSET

from segue.core.binding.validation import object_fields
from segue.core.ports import Codec

__all__ = ["Draft", "Partial"]

T = TypeVar("T")


class Draft(Generic[T]):
    """A model as a client gives it, without the fields that are ReadOnly or Private; ``create`` adds them.

        @app.post("/films")
        async def add(draft: Draft[Film]) -> Film:
            return draft.create(id=next(ids))

    ``fields``: what was given, validated, by the names of the model.
    """

    #: Whether fields without a default may be missing.
    partial: ClassVar[bool] = False

    __slots__ = ("_kind", "fields")

    def __init__(self, kind: Any, given: Any, codec: Codec) -> None:
        self._kind = kind
        self.fields: dict[str, Any] = {}
        for field in object_fields(kind) or ():
            value = getattr(given, field.name, UNSET)
            if value is not UNSET:
                self.fields[field.name] = codec.convert(codec.plain(value), field.type)

    @classmethod
    @functools.cache
    def __shaped__(cls, kind: Any) -> Any:
        """What bodies are validated as."""
        # The shapes of models are made of their fields, which know of drafts.
        from segue.core.binding.shapes import shaped

        return shaped(kind, "in", partial=cls.partial)

    def create(self, **more: Any) -> T:
        """A new one: what was given, and ``more``, which wins. Raises TypeError for a field that is missing."""
        made: T = self._kind(**{**self.fields, **more})
        return made

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def __bool__(self) -> bool:
        return bool(self.fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.fields)})"


class Partial(Draft[T]):
    """Some fields of a model, as a PATCH gives them: those that were not given stay as they are.

    @app.patch("/films/{id}")
    async def change(id: int, changes: Partial[Film]) -> Film:
        FILMS[id] = changes.apply(FILMS[id])
        return FILMS[id]
    """

    partial = True

    __slots__ = ()

    def apply(self, target: T) -> T:
        """A copy of ``target`` with the changes."""
        if isinstance(target, msgspec.Struct):
            # A model's own: it keeps more than the fields of its Struct.
            copied: T = target.__replace__(**self.fields)
            return copied
        if dataclasses.is_dataclass(target):
            return dataclasses.replace(target, **self.fields)  # type: ignore[type-var] # an instance
        return self.update(copy.copy(target))

    def update(self, target: T) -> T:
        """Changes ``target`` itself, and gives it back."""
        if isinstance(target, dict):
            target.update(self.fields)
        else:
            for name, value in self.fields.items():
                setattr(target, name, value)
        return target

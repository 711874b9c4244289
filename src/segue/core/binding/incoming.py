"""What of a body is taken: not the fields that are ReadOnly or Private, and of a draft only what is there."""

from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_origin

from segue.core.binding.dataclass_defaults import completed
from segue.core.binding.drafts import Draft
from segue.core.binding.json_codec import JSONCodec
from segue.core.binding.kinds import told
from segue.core.binding.parameters import HandlerError
from segue.core.binding.roles import role_of, shape_of
from segue.core.binding.shapes import has_roles, models, shaped
from segue.core.binding.validation import object_fields

__all__ = ["Incoming", "incoming"]


class Incoming(NamedTuple):
    """The copy of a model that bodies are read as, and what makes the model of it."""

    kind: Any
    make: Callable[[Any], Any]


def incoming(kind: Any, codec: JSONCodec) -> Incoming | None:
    """How a ``kind`` comes in, where not all of it does; None where it does.

    Raises HandlerError for a model that cannot be made of what comes.
    """
    origin = get_origin(kind)
    if isinstance(origin, type) and issubclass(origin, Draft):
        inner = get_args(kind)[0]
        return Incoming(origin.__shaped__(inner), lambda value: origin(inner, value, codec))
    if not has_roles(kind) and shape_of(kind) is None:
        return None
    _check(kind)
    make = completed(kind, lambda value: codec.recast(value, kind))
    return Incoming(shaped(kind, "in"), make)


def _check(kind: Any) -> None:
    for model in models(kind):
        for field in object_fields(model) or ():
            role = role_of(field.type)
            if role is not None and not role.comes and field.required:
                raise HandlerError(
                    f"a body cannot be a {told(model)}: its field {field.name!r} is {role.name}, so it never comes, and has "
                    f"no default. Give it one; or take Draft[{told(model)}], whose create({field.name}=...) adds it"
                )

"""Makes the fields of a form of the annotations of its model."""

import dataclasses
import datetime
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from segue.core.binding.kinds import list_item, told as name_of
from segue.core.binding.roles import role_of
from segue.core.binding.validation import ObjectField, object_fields
from segue.html.forms.field import Field, Said, can_be_field
from segue.html.forms.fieldtype import FieldType, field_type
from segue.html.forms.group import Group, Node, Rows

__all__ = ["Builder"]


class Builder:
    """``said``: what the form says of a field, by its path. ``exclude``: paths of fields that it has not."""

    def __init__(
        self, said: Callable[[str], Said], zone: datetime.tzinfo | None, exclude: Collection[str]
    ) -> None:
        self._said = said
        self._zone = zone
        self._exclude = set(exclude)

    def form(self, model: Any, only: Collection[str] | None) -> Group:
        """The fields of a form; ``only`` some, in their order. Raises TypeError for what cannot be a form."""
        names = {one.name for one in object_fields(model) or ()}
        unknown = [one for one in (*(only or ()), *self._exclude) if one.partition(".")[0] not in names]
        if names and unknown:
            raise TypeError(
                f"{name_of(model)} has no field {unknown[0]!r}: there are {', '.join(sorted(names))}"
            )
        group = self._group(model, "", "", field_type(model), (), only)
        if only is None:
            return group
        order = {name: at for at, name in enumerate(only)}
        nodes = sorted(group.nodes, key=lambda one: order[one.name])
        return Group(model, nodes, self._said(""), "", "", field_type(model))

    def _group(
        self,
        model: Any,
        path: str,
        wire: str,
        told: FieldType,
        within: tuple[Any, ...],
        only: Collection[str] | None = None,
    ) -> Group:
        """The group for a model.

        Fields that never come (ReadOnly, Private) are left out, and so are those that need not be given and of which no
        control can be made.
        """
        fields = object_fields(model)
        if fields is None:
            raise TypeError(
                f"{name_of(model)} has no fields: a form is made of a Struct, a model, a dataclass or a TypedDict"
            )
        if model in within:
            raise TypeError(
                f"{name_of(model)} contains itself, so its form would have no end: leave the field out, exclude = "
                f"({path!r},)"
            )
        defaults = _defaults(model)
        nodes: list[Node] = []
        for field in fields:
            inner = f"{path}.{field.name}" if path else field.name
            role = role_of(field.type)
            comes = role is None or role.comes
            if not comes or inner in self._exclude or (only is not None and field.name not in only):
                continue
            default = None if field.required else defaults.get(field.name)
            node = self._node(field, default, inner, (*within, model))
            if node is not None:
                nodes.append(node)
            elif field.required or only is not None:
                raise TypeError(
                    f"{name_of(model)}.{field.name} is a {name_of(field.type)}, of which no control can be made. Leave it "
                    f"out, exclude = ({inner!r},), and add it with form.create({field.name}=...); or say how it is "
                    f"shown, widgets = {{{inner!r}: ...}}"
                )
        return Group(model, nodes, self._said(path), path.rpartition(".")[2], wire, told)

    def _node(
        self, field: ObjectField, default: Callable[[], Any] | None, path: str, within: tuple[Any, ...]
    ) -> Node | None:
        told = field_type(field.type)
        said = self._said(path)
        if can_be_field(told) or said.widget is not None or said.options is not None:
            return Field(field.name, field.wire, field.type, default, said, self._zone)
        if object_fields(told.kind) is not None:
            group = self._group(told.kind, path, field.wire, told, within)
            group.default = default
            return group
        item = list_item(told.kind)
        inner = None if item is None else field_type(item)
        if inner is not None and object_fields(inner.kind) is not None:
            group = self._group(inner.kind, path, field.wire, told._replace(optional=False), within)
            return Rows(group, told, default)
        return None


def _defaults(model: Any) -> Mapping[str, Callable[[], Any]]:
    """What makes the default of each field that has one."""
    found: dict[str, Callable[[], Any]] = {}
    if isinstance(model, type) and issubclass(model, msgspec.Struct):
        for field in msgspec.structs.fields(model):
            if field.default_factory is not msgspec.NODEFAULT:
                found[field.name] = field.default_factory
            elif field.default is not msgspec.NODEFAULT:
                found[field.name] = _always(field.default)
    elif dataclasses.is_dataclass(model):
        for one in dataclasses.fields(model):
            if one.default_factory is not dataclasses.MISSING:
                found[one.name] = one.default_factory
            elif one.default is not dataclasses.MISSING:
                found[one.name] = _always(one.default)
    return found


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value

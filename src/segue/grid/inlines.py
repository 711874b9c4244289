"""Forms of an object with what belongs to it: related objects that are chosen, and rows of objects that refer to it."""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, NoReturn

import msgspec

from segue.core.binding.validation import object_fields
from segue.db.databases.database import database_of
from segue.db.engine.errors import IntegrityError
from segue.db.errors import ValidationError
from segue.db.models.attributes import key_of
from segue.db.models.relations import other_side
from segue.db.queries.paths import ManyPath, OnePath, Path
from segue.grid.keys import key_text
from segue.grid.modelforms import coming, described, offering, offers
from segue.grid.naming import label_of_relation, plural
from segue.grid.texts import ROW_GONE
from segue.html.forms.choices import Options
from segue.html.forms.form import FormOf
from segue.html.forms.widgets import Hidden

__all__ = ["PageForm", "page_form"]

#: The hidden field that says which object a row is about; empty for a new one.
KEY = "row_key"


class _Refused(Exception):
    """Something could not be saved: what was written is taken back, and the form says why."""


class PageForm(FormOf[Any]):
    """A form of one object and of what belongs to it. All of it is saved, or nothing."""

    #: The model of its object, and what belongs to that.
    of_model: ClassVar[Any] = None
    inlines: ClassVar[Sequence[Path]] = ()

    async def show(self, target: Any) -> None:
        """Shows what an object and what belongs to it are like."""
        values: dict[str, Any] = {name: getattr(target, name) for name in self._own_names()}
        for path in self.inlines:
            related = await _related(path, target)
            name = _name(path)
            if isinstance(path, ManyPath):
                values[name] = [key_of(one) for one in related]
            else:
                values[name] = [
                    {KEY: key_text(one), **{field: getattr(one, field) for field in _columns(path)}}
                    for one in related
                ]
        self.edit(values)

    async def keep(self, target: Any | None, **preset: Any) -> Any | None:
        """Saves all of it, in ``target`` or as a new object; None where something is wrong, which the form then says."""
        if not self.valid:
            return None
        given = dict(self.fields)
        own = {name: given[name] for name in self._own_names() if name in given}
        try:
            async with database_of(self.of_model).transaction():
                found = await self._saved(target, {**own, **preset})
                for path in self.inlines:
                    await self._related(path, found, given.get(_name(path), []))
        except _Refused:
            return None
        return found

    async def _saved(self, target: Any | None, values: Mapping[str, Any]) -> Any:
        try:
            made = self.of_model(**values) if target is None else target
            for name, value in values.items() if target is not None else ():
                setattr(made, name, value)
            await made.save()
        except (ValidationError, IntegrityError) as error:
            self._told(error)
        return made

    async def _related(self, path: Path, owner: Any, given: Sequence[Any]) -> None:
        """Makes what belongs to an object what was sent; rows that are not there any more are deleted."""
        if isinstance(path, ManyPath):
            target: Any = path._last.target
            chosen = await target.all().in_bulk(list(given)) if given else {}
            there = {key_of(one): one for one in await _related(path, owner)}
            # Those that rules hide from the visitor stay.
            await owner.remove(path, *[one for key, one in there.items() if key not in chosen])
            await owner.add(path, *[one for key, one in chosen.items() if key not in there])
            return
        model: Any = path._last.model
        rows = {key_text(one): one for one in await _related(path, owner)}
        for at, row in enumerate(given, 1):
            key = getattr(row, KEY)
            # A row is about one of this object's, whatever the form says.
            if key and key not in rows:
                self.refuse(_name(path), f"{at}: {ROW_GONE}")
                raise _Refused
            values = {name: getattr(row, name) for name in _columns(path)}
            child = rows.pop(key, None) if key else None
            try:
                if child is None:
                    child = model(**values, **{path._last.name: owner})
                for name, value in values.items():
                    setattr(child, name, value)
                await child.save()
            except (ValidationError, IntegrityError) as error:
                self._told(error, _name(path), f"{at}: ")
        for one in rows.values():
            await one.delete()

    def _told(self, error: ValidationError | IntegrityError, rows: str = "", which: str = "") -> NoReturn:
        """Says what a model refuses, beside its field or above the rows."""
        for one in getattr(error, "problems", [{"loc": [], "msg": error.detail}]):
            self.refuse(rows or ".".join(map(str, one["loc"])), which + one["msg"])
        raise _Refused from error

    def _own_names(self) -> list[str]:
        taken = {_name(path) for path in self.inlines}
        return [one.name for one in object_fields(self._state.plan.model) or () if one.name not in taken]


def page_form(model: Any, inlines: Sequence[Any], exclude: Sequence[str]) -> type[PageForm]:
    """A class of forms for the objects of a model and what belongs to them. Raises TypeError for what does not."""
    labels, helps, widgets = described(model, exclude)
    fields: list[Any] = _fields(model, exclude)
    for path in inlines:
        _check(model, path)
        name = _name(path)
        if isinstance(path, ManyPath):
            labels[name] = label_of_relation(path._last)
            fields.append((name, Annotated[list[_key_type(path)], Options(offering(path._last))], _empty()))  # type: ignore[misc] # known only now
            continue
        model_of_rows: Any = path._last.model
        own = [one.name for one in path._last.columns]
        inner = described(model_of_rows, own)
        labels.update({f"{name}.{field}": text for field, text in inner[0].items()})
        helps.update({f"{name}.{field}": text for field, text in inner[1].items()})
        widgets.update({f"{name}.{field}": widget for field, widget in inner[2].items()})
        widgets[f"{name}.{KEY}"] = Hidden()
        labels[name] = plural(model_of_rows)
        row = msgspec.defstruct(
            model_of_rows.__name__, [(KEY, str, ""), *_fields(model_of_rows, own)], kw_only=True
        )
        fields.append((name, list[row], _empty()))  # type: ignore[valid-type] # known only now
    struct: Any = msgspec.defstruct(model.__name__, fields, kw_only=True)
    body = {
        "labels": labels,
        "helps": helps,
        "widgets": widgets,
        "of_model": model,
        "inlines": tuple(inlines),
    }
    return types.new_class(
        f"{model.__name__}PageForm", (PageForm, FormOf[struct]), {}, lambda names: names.update(body)
    )


def _fields(model: Any, exclude: Sequence[str]) -> list[Any]:
    """The fields of a model that people fill in, as a Struct of their own has them."""
    known = {one.name: one for one in msgspec.structs.fields(model)}
    offered = offers(model, exclude)
    found: list[Any] = []
    for one in coming(model, exclude):
        kind = Annotated[one.type, Options(offered[one.name])] if one.name in offered else one.type
        field = known[one.name]
        if one.required:
            found.append((one.name, kind))
        elif field.default_factory is not msgspec.NODEFAULT:
            found.append((one.name, kind, msgspec.field(default_factory=field.default_factory)))
        else:
            found.append((one.name, kind, field.default))
    return found


def _check(model: Any, path: Any) -> None:
    """Raises TypeError for what does not belong to the objects of a model."""
    if isinstance(path, ManyPath) and len(path._steps) == 1 and issubclass(model, path._last.model):
        if other_side(path._last) is None and len(path._last.target.__mapping__.key) == 1:
            return
    elif isinstance(path, OnePath) and len(path._steps) == 1 and issubclass(model, path._last.target):
        return
    raise TypeError(
        f"inline= lists relations over a link table, {model.__name__}.tags, and relations of other models that lead to a "
        f"{model.__name__}, not {path!r:.80}"
    )


def _name(path: Path) -> str:
    """The name of what belongs to an object, in its form: that of the relation, or of the table whose rows refer to it."""
    return path._last.name if isinstance(path, ManyPath) else str(path._last.model.__mapping__.table)


def _columns(path: Path) -> list[str]:
    """The fields of a row."""
    return [one.name for one in coming(path._last.model, [column.name for column in path._last.columns])]


async def _related(path: Path, target: Any) -> list[Any]:
    """What belongs to an object now."""
    if isinstance(path, ManyPath):
        await target.load(path)
        return list(getattr(target, path._last.name))
    rows: Any = path._last.model
    keys = [rows.__mapping__.expression(one.name) for one in rows.__mapping__.key]
    return list(await rows.where(path == target).order_by(*keys))


def _key_type(path: Path) -> Any:
    return path._last.target.__mapping__.key[0].kind.python


def _empty() -> Any:
    return msgspec.field(default_factory=list)

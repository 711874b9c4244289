"""The other side of a relation to many: a key over there, or a link table between."""

from typing import Any

from segue.db.models.constraints import Unique
from segue.db.models.fields import Ref, field
from segue.db.models.mapping import Link, Relation, resolve_all

__all__ = ["link_of", "other_side"]


def other_side(relation: Relation) -> Relation | None:
    """The relation to one that a relation to many, or to one that has the key, is the other side of; None for one over a link table.

    Raises TypeError where it cannot be told which one that is.
    """
    if relation.back is None and relation.link is None:
        _settle(relation)
    return relation.back


def link_of(relation: Relation) -> Link:
    """The link table of a relation to many that has one."""
    if relation.back is None and relation.link is None:
        _settle(relation)
    if relation.link is None:
        told = "it is a rule" if relation.ruled else f"it is the other side of {relation.back!r}"
        raise TypeError(f"{relation!r} has no link table: {told}")
    return relation.link


def _settle(relation: Relation) -> None:
    resolve_all()
    target = relation.target.__mapping__
    if relation.ruled:
        return
    if relation.options.through is not None:
        relation.link = _through(relation)
        return
    named = relation.options.other
    found = [
        one
        for one in target.relations.values()
        if one.refers and issubclass(relation.model, one.target) and named in (None, one.name)
    ]
    if named is not None and not found and named not in target.relations:
        raise TypeError(
            f"{relation!r}: other={named!r}, but {target.model.__name__} has no relation of that name"
        )
    if len(found) > 1:
        names = " or ".join(repr(one.name) for one in found)
        raise TypeError(
            f"{relation!r} could be the other side of several relations of {target.model.__name__}: say which, field(other={names})"
        )
    if found:
        relation.back = found[0]
        if relation.reverse and not _is_unique(found[0]):
            relation.back = None
            raise TypeError(
                f"{relation!r} is One, but several {target.model.__name__} may have one {relation.model.__name__}: say "
                f"{found[0].name}: Ref[{relation.model.__name__}] = field(unique=True), or Many"
            )
        return
    if relation.reverse:
        raise TypeError(
            f"{relation!r} is One, the other side of a Ref that {target.model.__name__} does not have: "
            f"{relation.model.__name__.lower()}: Ref[{relation.model.__name__}] = field(unique=True)"
        )
    there = _facing(relation)
    if there is not None and there.link is not None:
        relation.link = Link(there.link.model, there.link.there, there.link.here)
        return
    if there is not None and _owns(there, relation):
        _settle(there)
        if there.link is not None:
            relation.link = Link(there.link.model, there.link.there, there.link.here)
            return
    relation.link = _made(relation)
    if there is not None:
        there.link = Link(relation.link.model, relation.link.there, relation.link.here)


def _is_unique(relation: Relation) -> bool:
    """Whether no two objects have the same other one."""
    names = {column.name for column in relation.columns}
    mapping = relation.model.__mapping__
    if relation.options.unique or {column.name for column in mapping.key} == names:
        return True
    listed = (set(one.fields) for one in relation.model.constraints if isinstance(one, Unique))
    return any(one in ({relation.name}, names) for one in listed)


def _facing(relation: Relation) -> Relation | None:
    """The relation to many of the other model that leads back here, if it has one."""
    target = relation.target.__mapping__
    named = relation.options.other
    found = [
        one
        for one in target.relations.values()
        if one.many
        and one is not relation
        and issubclass(relation.model, one.target)
        and named in (None, one.name)
        and one.options.other in (None, relation.name)
        and one.options.through is None
    ]
    if len(found) > 1:
        names = " or ".join(repr(one.name) for one in found)
        raise TypeError(
            f"{relation!r} could be the other side of several relations: say which, field(other={names})"
        )
    return found[0] if found else None


def _owns(there: Relation, here: Relation) -> bool:
    """Which of two sides names the link table: the model that was defined first."""
    return there.model.__mapping__.order < here.model.__mapping__.order


def _through(relation: Relation) -> Link:
    through: Any = relation.options.through
    if isinstance(through, str):
        from segue.db.models.registry import model_named

        through = model_named(through, relation.model, relation.name)
    mapping = through.__mapping__
    mapping.resolve()
    ones = [one for one in mapping.relations.values() if one.refers]
    here = [one for one in ones if issubclass(relation.model, one.target)]
    there = [
        one
        for one in ones
        if issubclass(relation.target, one.target) and one is not (here[0] if here else None)
    ]
    if not here or not there:
        raise TypeError(
            f"{relation!r} goes through {through.__name__}, which needs a Ref[{relation.model.__name__}] and a Ref[{relation.target.__name__}]"
        )
    return Link(through, here[0], there[0])


def _made(relation: Relation) -> Link:
    """The link table that is made for a relation."""
    from segue.db.models.heirs import table_name
    from segue.db.models.making import ModelMeta
    from segue.db.models.model import Keyed

    here, there = table_name(relation.model.__name__), table_name(relation.target.__name__)
    if here == there:
        there = f"to_{there}"
    mapping = relation.model.__mapping__
    key = field(key=True, on_delete="cascade")
    name = f"{relation.model.__name__}{relation.name.title().replace('_', '')}"
    namespace: dict[str, Any] = {
        "__module__": relation.model.__module__,
        "__qualname__": f"{relation.model.__qualname__}.{name}",
        "__annotations__": {here: Ref[relation.model], there: Ref[relation.target]},  # type: ignore[name-defined] # known only now
        here: key,
        there: field(key=True, on_delete="cascade", index=True),
    }
    model: Any = ModelMeta(
        name, (Keyed,), namespace, table=f"{mapping.table}_{relation.name}", schema=mapping.schema
    )
    model.__mapping__.resolve()
    relations = model.__mapping__.relations
    model.__mapping__.kept["link of"] = relation
    return Link(model, relations[here], relations[there])

"""Which models have their tables in a database."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from segue.db.errors import ConfigurationError
from segue.db.models.lineage import descendants, homes
from segue.db.models.mapping import Mapping, registered, resolve_all
from segue.db.models.relations import link_of, other_side

if TYPE_CHECKING:
    from segue.db.databases.database import Database

__all__ = ["full_name", "mappings_of"]


def mappings_of(database: "Database") -> list[Mapping]:
    """The models whose tables are in a database, in the order in which they were defined; link tables after them."""
    resolve_all()
    listed = registered() if database.models is None else _with_kin(database.models)
    found: dict[str, Mapping] = {}
    links: dict[str, Mapping] = {}
    linking: list[Mapping] = []
    for mapping in sorted(listed, key=lambda one: one.order):
        if mapping.database not in (None, database.name) or "link of" in mapping.kept:
            continue
        if mapping.home is not mapping:
            # Its columns are in the table of another one, its link tables are not.
            linking.append(mapping)
            continue
        if (
            mapping.database is None
            and database.models is None
            and database.name != "database"
            and _elsewhere(database)
        ):
            continue
        name = full_name(mapping)
        present = found.get(name)
        if present is not None and not _replaces(mapping, present):
            raise ConfigurationError(
                f"{_place(present)} and {_place(mapping)} have the table {name!r} both: class {mapping.model.__name__}(Model, table=...) names another"
            )
        found[name] = mapping
    for mapping in list(found.values()):
        # What a model keeps in tables of its own: versions.
        for beside in mapping.kept.get("beside", ()):
            found.setdefault(full_name(beside.__mapping__), beside.__mapping__)
    for mapping in (*found.values(), *linking):
        for relation in mapping.relations.values():
            if (
                relation.many
                and relation.options.through is None
                and not relation.ruled
                and other_side(relation) is None
            ):
                link = link_of(relation).model.__mapping__
                links[link.table] = link
    return [*found.values(), *(one for name, one in links.items() if name not in found)]


def _with_kin(models: Iterable[Any]) -> list[Mapping]:
    """The mappings of models, and of those whose rows they share."""
    found: dict[Mapping, None] = {}
    for model in models:
        mapping: Mapping = model.__mapping__
        for one in (mapping, *homes(mapping), *descendants(mapping)):
            found[one] = None
    return list(found)


def full_name(mapping: Mapping) -> str:
    """The name of a model's table, with that of its schema."""
    return mapping.table if mapping.schema is None else f"{mapping.schema}.{mapping.table}"


def _elsewhere(database: "Database") -> bool:
    """Whether models that name no database belong to another one."""
    from segue.db.databases.database import _open

    return any(one is not database and one.name == "database" for one in (*_open, *database.beside))


def _replaces(new: Mapping, old: Mapping) -> bool:
    """Whether a model is the same one, defined again: a file that was loaded again, a function that was called again."""
    if "<locals>" in old.model.__qualname__ or _is_gone(old):
        return True
    return old.model.__qualname__ == new.model.__qualname__ and (
        old.model.__module__ == new.model.__module__ or old.file == new.file
    )


def _is_gone(mapping: Mapping) -> bool:
    """Whether its module has another class of this name by now, or is not loaded any more."""
    found: Any = sys.modules.get(mapping.model.__module__)
    for name in mapping.model.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is not mapping.model


def _place(mapping: Mapping) -> str:
    return f"{mapping.model.__module__}.{mapping.model.__qualname__}"

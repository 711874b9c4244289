"""All models by the name of their class: how one finds another that its annotations only name."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue.db.models.mapping import Mapping
    from segue.db.models.model import Keyed

__all__ = [
    "by_name",
    "forget",
    "kept_up",
    "model_named",
    "registered",
    "resolve_all",
    "resolve_what_can_be",
    "waiting",
]

#: For references from a function, where names cannot be looked up.
by_name: dict[str, list["Mapping"]] = {}
#: Those that may refer to models that have yet to come.
waiting: list["Mapping"] = []


#: Those that say what holds of related objects when a transaction ends.
kept_up: list["Mapping"] = []


#: Not empty while models are being defined, so that a name may have a better answer later.
_coming: list[bool] = []


def registered(name: str | None = None) -> "list[Mapping]":
    """All models that have a table, or those of one class name."""
    if name is not None:
        return list(by_name.get(name, ()))
    return [one for several in by_name.values() for one in several]


def resolve_all() -> None:
    """Resolves every model that waits for others. Raises TypeError where one refers to a model that does not exist."""
    for one in waiting:
        one.resolve()


def resolve_what_can_be() -> None:
    """Resolves the models that wait for nobody any more; what is missing may still come."""
    _coming.append(True)
    try:
        for one in waiting:
            try:
                one.resolve()
            except (TypeError, NameError):
                one.columns.clear()
                one.relations.clear()
                one.pointers.clear()
    finally:
        _coming.pop()


def forget(model: Any) -> None:
    """Takes a model out of those that are looked up by name, for tests that define the same one again."""
    listed = by_name.get(model.__name__, [])
    by_name[model.__name__] = [one for one in listed if one.model is not model]
    kept_up[:] = [one for one in kept_up if one.model is not model]
    waiting[:] = [one for one in waiting if one.model is not model]


def model_named(hint: Any, model: Any, name: str) -> "type[Keyed]":
    """The model that a relation ``name`` of ``model`` names. Raises TypeError where there is none, or several."""
    if isinstance(hint, type) and hasattr(hint, "__mapping__"):
        known: type[Keyed] = hint
        return known
    hint = getattr(hint, "__forward_arg__", hint)
    if isinstance(hint, str):
        if hint == model.__name__:
            own: type[Keyed] = model
            return own
        last = hint.rpartition(".")[2]
        found = [one.model for one in by_name.get(last, ())]
        if "." in hint:
            before = hint.rpartition(".")[0]
            found = [
                one for one in found if one.__module__ == before or one.__module__.endswith("." + before)
            ]
        # A module that was loaded again has defined its models again: the later ones hold.
        found = list({(one.__module__, one.__qualname__): one for one in found}.values())
        near = [one for one in found if one.__module__ == model.__module__]
        if near:
            return near[-1]
        if _coming and getattr(sys.modules.get(model.__module__), last, None) not in found:
            # One of this name in its own module goes before those of others.
            raise TypeError(f"{model.__name__}.{name} refers to {hint!r}, which may still come")
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            places = ", ".join(f"{one.__module__}.{one.__qualname__}" for one in found)
            raise TypeError(
                f"{model.__name__}.{name} refers to {hint!r}, and there are several: {places}. Name the module too"
            )
        raise TypeError(
            f"{model.__name__}.{name} refers to {hint!r}, and there is no model of that name. Is its module imported?"
        )
    raise TypeError(
        f"{model.__name__}.{name} refers to {hint!r}, which is no model: a relation is to a subclass of Model"
    )

"""Copies of objects, and objects as bytes: with what is kept beside their fields."""

from typing import Any

from msgspec import UNSET

from segue.db.models.state import Peers, is_stored, put

__all__ = ["copied", "reduced", "replaced"]


def _slots(model: Any) -> list[Any]:
    """What reads the fields of the Struct themselves, past relations and private fields."""
    mapping = model.__mapping__
    found: list[Any] | None = mapping.kept.get("slots")
    if found is None:
        found = mapping.kept["slots"] = []
        for name in model.__struct_fields__:
            attribute = next(base.__dict__[name] for base in model.__mro__ if name in base.__dict__)
            found.append(getattr(attribute, "slot", attribute))
    return found


def _values(target: Any) -> list[Any]:
    found: list[Any] = []
    for slot in _slots(type(target)):
        try:
            found.append(slot.__get__(target))
        except AttributeError:  # a column that a query left out
            found.append(_ABSENT)
    return found


_ABSENT = "\0absent"


def rebuilt(
    model: Any, values: list[Any], private: dict[str, Any] | None, changes: set[str] | None, stored: bool
) -> Any:
    """An object of what :func:`reduced` took it apart into."""
    absent = [name for name, value in zip(model.__struct_fields__, values, strict=True) if value == _ABSENT]
    made = model(*(UNSET if isinstance(value, str) and value == _ABSENT else value for value in values))
    for name in absent:
        delattr(made, name)
    if private is not None:
        put(made, "_private", private)
    put(made, "_changes", changes)
    if stored:
        put(made, "_state", Peers(model, [], None, {}))
    return made


def reduced(target: Any) -> tuple[Any, ...]:
    """What pickle and deepcopy take of an object. Its peers are left behind; that it is stored is not."""
    private = getattr(target, "_private", None)
    changes = getattr(target, "_changes", None)
    return rebuilt, (type(target), _values(target), private, changes, is_stored(target))


def copied(target: Any) -> Any:
    """Another object of the same row."""
    private = getattr(target, "_private", None)
    changes = getattr(target, "_changes", None)
    made = rebuilt(
        type(target),
        _values(target),
        None if private is None else dict(private),
        None if changes is None else set(changes),
        stored=False,
    )
    state = getattr(target, "_state", None)
    if state is not None:
        put(made, "_state", state)
    return made


def replaced(target: Any, values: dict[str, Any]) -> Any:
    """Another object of the same row with other values, which are checked and noted as changes."""
    made = copied(target)
    for name, value in values.items():
        setattr(made, name, value)
    return made

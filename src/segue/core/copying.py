"""Copies of what an app has recorded: so that another app can go on from there."""

from typing import Any, TypeVar

__all__ = ["copied"]

T = TypeVar("T")


def copied(records: T) -> T:
    """A copy of an object of records: its lists, tables and further objects of records are its own, what is in them is
    shared.
    """
    copy = object.__new__(type(records))
    for name in _names(type(records)):
        value: Any = getattr(records, name)
        if isinstance(value, list | dict | set):
            value = value.copy()
        elif _names(type(value)) and type(value).__module__.startswith("segue.core"):
            value = copied(value)
        setattr(copy, name, value)
    return copy


def _names(kind: type) -> tuple[str, ...]:
    return tuple([name for one in kind.__mro__ for name in getattr(one, "__slots__", ())])

"""Fills in what msgspec leaves out of dataclasses.

msgspec does not set a field that takes its default: it is read from the class, but ``vars()`` and msgspec's own JSON do
not show it (msgspec 0.22, dataclasses without slots).
"""

import dataclasses
from collections.abc import Callable
from typing import Any, get_args, get_origin

from segue.core.binding.kinds import bare
from segue.core.binding.validation import object_fields

__all__ = ["completed"]


def completed(kind: Any, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``make``, which gives a value of ``kind``; with the defaults of dataclasses filled in, if there are any in it."""
    if not _concerned(kind, set()):
        return make

    def made(source: Any) -> Any:
        value = make(source)
        _complete(value)
        return value

    return made


def _concerned(kind: Any, seen: set[int]) -> bool:
    kind = bare(kind)
    if id(kind) in seen:
        return False
    seen.add(id(kind))
    origin = get_origin(kind) or kind
    if dataclasses.is_dataclass(origin) and not hasattr(origin, "__slots__"):
        if any(field.default is not dataclasses.MISSING for field in dataclasses.fields(origin)):
            return True
    parts = [field.type for field in object_fields(kind) or ()] + list(get_args(kind))
    return any(_concerned(part, seen) for part in parts)


def _complete(value: Any) -> None:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple | set | frozenset):
            waiting.extend(one)
        elif dataclasses.is_dataclass(one):
            for field in dataclasses.fields(one):
                item = getattr(one, field.name)
                if field.default is not dataclasses.MISSING and hasattr(one, "__dict__"):
                    vars(one).setdefault(field.name, item)
                waiting.append(item)
        elif hasattr(one, "__struct_fields__"):
            waiting.extend([getattr(one, name) for name in one.__struct_fields__])

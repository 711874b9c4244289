"""What an annotation asks of a value besides its type: ``Annotated[str, strong()]``."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from segue.core.binding.kinds import is_union
from segue.core.binding.validation import object_fields

__all__ = ["Validates", "validated"]


class Validates:
    """In an annotation: a function that looks at a value of the right type, and gives the one that is kept.

        def known(code: str) -> str:
            if code not in CODES:
                raise ValueError(_("There is no such code."))
            return code

        class Order(Struct):
            code: Annotated[str, Validates(str.strip), Validates(known)]

    It holds for bodies, parameters and forms, and it may be given to ``field(validate=...)`` of a model too. What it raises as
    ValueError is told beside the field, in the language of who reads. None is not asked about. Those that are ready are in
    :mod:`segue.core.binding.validators`.
    """

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function: Final = function

    def __call__(self, value: Any) -> Any:
        """The value that is kept. Raises ValueError."""
        return self.function(value)

    def __repr__(self) -> str:
        return f"Validates({getattr(self.function, '__qualname__', self.function)})"


Plan = Callable[[Any], Any]


def validated(kind: Any, make: Plan) -> Plan:
    """``make``, which gives a value of ``kind``, with what its annotations ask for; itself where they ask for nothing.

    What it gives raises msgspec.ValidationError.
    """
    plan = plan_of(kind)
    if plan is None:
        return make

    def made(source: Any) -> Any:
        value = make(source)
        try:
            return plan(value)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from None

    return made


def plan_of(kind: Any) -> Plan | None:
    """What looks at values of a type, and changes them; None where no annotation in it asks for anything."""
    try:
        return _cached(kind)
    except TypeError:  # a type that has no hash
        return _planned(kind)


def _planned(kind: Any) -> Plan | None:
    return _plan(kind, {}) if _asks(kind) else None


_cached = functools.lru_cache(maxsize=1024)(_planned)


def _asks(kind: Any) -> bool:
    seen: list[Any] = []
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Validates):
            return True
        if any(one is other for other in seen):
            continue
        seen.append(one)
        waiting += get_args(one) if get_origin(one) is not None else ()
        waiting += [field.type for field in object_fields(one) or ()]
    return False


def _plan(kind: Any, known: dict[Any, Plan | None]) -> Plan | None:
    if get_origin(kind) is Annotated:
        inner_kind, *metadata = get_args(kind)
        asked = [one for one in metadata if isinstance(one, Validates)]
        inner = _plan(inner_kind, known)
        if not asked:
            return inner

        metas = [one for one in metadata if isinstance(one, msgspec.Meta)]
        bounds: Any = Annotated[(inner_kind, *metas)] if metas else None

        def ask(value: Any) -> Any:
            if inner is not None:
                value = inner(value)
            if value is None or value is msgspec.UNSET:
                return value
            before = value
            for one in asked:
                value = one(value)
            if bounds is not None and value is not before:
                msgspec.convert(value, bounds, from_attributes=True)  # a text of blanks is empty only now
            return value

        return ask
    if is_union(kind):
        return _of_union(get_args(kind), known)
    if object_fields(kind) is not None:
        return _of_object(kind, known)
    return _of_many(get_origin(kind), get_args(kind), known)


def _of_union(members: Sequence[Any], known: dict[Any, Plan | None]) -> Plan | None:
    plans = [(_class_of(one), plan) for one in members if (plan := _plan(one, known)) is not None]
    if not plans:
        return None

    def ask(value: Any) -> Any:
        plan = next((plan for kind, plan in plans if isinstance(value, kind)), None)
        return value if plan is None else plan(value)

    return ask


def _class_of(kind: Any) -> type:
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    origin = get_origin(kind) or kind
    return origin if isinstance(origin, type) else object


def _of_object(kind: Any, known: dict[Any, Plan | None]) -> Plan | None:
    if kind in known:  # it contains itself
        return lambda value: value if known[kind] is None else known[kind](value)  # type: ignore[misc] # looked at just now
    known[kind] = None
    plans = [
        (one.name, one.wire, plan)
        for one in object_fields(kind) or ()
        if (plan := _plan(one.type, known)) is not None
    ]

    def ask(value: Any) -> Any:
        for name, wire, plan in plans:
            if isinstance(value, dict):
                if wire in value:
                    value[wire] = plan(value[wire])
                continue
            before = getattr(value, name)
            after = plan(before)
            if after is not before:
                _put(value, name, after)
        return value

    known[kind] = ask if plans else None
    return known[kind]


def _put(target: Any, name: str, value: Any) -> None:
    """Sets a field of an object that was just made, which may be frozen for everybody else."""
    if isinstance(target, msgspec.Struct):
        msgspec.structs.force_setattr(target, name, value)
    else:
        object.__setattr__(target, name, value)


def _of_many(origin: Any, args: Sequence[Any], known: dict[Any, Plan | None]) -> Plan | None:
    if not isinstance(origin, type) or not args:
        return None
    if issubclass(origin, Mapping):
        of_value = _plan(args[-1], known)
        return None if of_value is None else lambda value: {key: of_value(one) for key, one in value.items()}
    if issubclass(origin, tuple) and args[-1] is not Ellipsis:
        plans = [_plan(one, known) for one in args]
        return lambda value: tuple(
            [one if plan is None else plan(one) for one, plan in zip(value, plans, strict=True)]
        )
    if issubclass(origin, Sequence | set | frozenset):
        of_item = _plan(args[0], known)
        return None if of_item is None else lambda value: type(value)([of_item(one) for one in value])
    return None

"""Orders and conditions that clients ask for, by lists of what is allowed. What is not in them is refused, never looked up."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from segue.db.queries.expressions import Column, Condition, Expr, Order
from segue.db.queries.lookups import Lookup, lookup_named
from segue.db.queries.naming import Named
from segue.http.errors import BadRequest

__all__ = ["Allowed", "allowed_names", "condition_of", "conditions_from", "orders_from"]

Allowed: TypeAlias = Sequence[Expr[Any]] | Mapping[str, Expr[Any]]
"""What a client may name: columns, which are called as in the model, ``author.name``; or expressions by the names for them."""

_LONGEST = 1_000
_MOST = 100


def allowed_names(allowed: Allowed) -> dict[str, Expr[Any]]:
    """The expressions by their names."""
    if isinstance(allowed, Mapping):
        return dict(allowed)
    found: dict[str, Expr[Any]] = {}
    for one in allowed:
        if isinstance(one, Column):
            found[".".join((*(step.name for step in one.path), one.field.name))] = one
        elif isinstance(one, Named):
            found[one.called] = one.inner
        else:
            raise TypeError(
                f"allowed= lists columns, and {one!r:.80} is none: give it a name, .named('total'), or a mapping"
            )
    return found


def orders_from(names: str, allowed: Allowed) -> tuple[Order, ...]:
    """The orders that a client asks for, ``-published,title``."""
    known = allowed_names(allowed)
    if not isinstance(names, str) or len(names) > _LONGEST:
        raise BadRequest("An order is a text of at most 1,000 characters")
    found: dict[str, Order] = {}
    for part in names.split(","):
        name = part.strip()
        if not name:
            continue
        down, name = name.startswith("-"), name[1:] if name[0] in "-+" else name
        if name not in known:
            raise BadRequest(f"Cannot sort by {name!r:.80}; there are {_listed(known)}")
        found.setdefault(name, Order(known[name], descending=down))
    return tuple(found.values())


def conditions_from(given: Any, allowed: Allowed, beside: Collection[str] = ()) -> list[Condition]:
    """The conditions in a query string or in another mapping of names to values."""
    known = allowed_names(allowed)
    found: list[Condition] = []
    for key, value in _pairs(given):
        if key in beside:
            continue
        if len(found) >= _MOST:
            raise BadRequest(f"There are more than {_MOST} conditions")
        name, operator = key, "eq"
        if name not in known and "." in name:
            name, _, operator = key.rpartition(".")
        if name not in known:
            raise BadRequest(f"There is nothing to filter called {key!r:.80}; there are {_listed(known)}")
        found.append(condition_of(name, known[name], operator, value))
    return found


def condition_of(name: str, expression: Expr[Any], operator: str, value: Any) -> Condition:
    """One condition. Raises BadRequest for an operator that does not fit, and for a value that is none of the column's."""
    found = lookup_named(operator)
    if found is None or (found.storages and expression.kind.storage not in found.storages):
        raise BadRequest(f"{name} cannot be asked for {operator!r:.80}")
    return found.condition(expression, _converted(name, expression, found, value))


def _converted(name: str, expression: Expr[Any], found: Lookup, value: Any) -> Any:
    match found.takes:
        case "text":
            kind: Any = str
        case "truth":
            kind = bool
        case "values":
            kind = list[expression.kind.python]  # type: ignore[name-defined] # known only now
            value = value.split(",") if isinstance(value, str) else value
            if len(value) > _LONGEST:
                raise BadRequest(f"{name}: more than {_LONGEST:,} values")
        case _:
            kind = expression.kind.python
    if found.takes != "values" and isinstance(value, list | tuple):
        raise BadRequest(f"{name} was given several values; {name}.in takes them")
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"{name}: {error}") from None


def _pairs(given: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values; a key that is there several times is one condition with several values."""
    items: Iterable[Any] = given.multi_items() if hasattr(given, "multi_items") else given.items()
    gathered: dict[str, list[Any]] = {}
    for key, value in items:
        if not isinstance(key, str):
            raise BadRequest("Names are texts")
        gathered.setdefault(key, []).append(value)
    for key, values in gathered.items():
        yield key, values[0] if len(values) == 1 else values


def _listed(known: Iterable[str]) -> str:
    return ", ".join(known) or "none"

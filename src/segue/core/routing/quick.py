"""Chooses among endpoints without a coroutine, where nothing has to be waited for: the way of nearly all requests."""

from collections.abc import Callable, Sequence
from typing import Any

from segue.core.handlers import Endpoint
from segue.core.routing.conditions import Conditions
from segue.http.negotiate import MAX_CACHED, Accept
from segue.http.request import Request

__all__ = ["quick_choice"]

_ORDERS = 64  # fields whose order is kept
_NONE = Conditions()

_Asked = tuple[tuple[Callable[[Request], Any] | None, Endpoint], ...]


def quick_choice(groups: Sequence[Sequence[Endpoint]]) -> Callable[[Request], Endpoint | None]:
    """What chooses as :func:`segue.core.routing.choice.choose` does; None is no answer: then that has to be asked.

    It gives up at the first endpoint with a predicate that waits, or may be asked only once, or that takes bodies by
    their type; and where none takes the request.
    """
    certain: list[Sequence[Endpoint]] = []
    for group in groups:
        if not all(_is_quick(one.conditions or _NONE) for one in group):
            break
        certain.append(group)
    by_accept = any(
        one.conditions is not None and one.conditions.accept for group in certain for one in group
    )
    plain = _asked(certain, Accept())
    orders: dict[bytes, _Asked] = {b"*/*": plain}

    def choose(request: Request) -> Endpoint | None:
        for test, endpoint in plain:
            if test is None or test(request):
                return endpoint
        return None

    def order(field: bytes) -> _Asked:
        found = _asked(certain, Accept.parse(field.decode("latin-1")))
        if len(orders) < _ORDERS and len(field) <= MAX_CACHED:
            orders[field] = found
        return found

    def choose_by_accept(request: Request) -> Endpoint | None:
        fields = [value for name, value in request.raw_headers if name == b"accept"]
        asked = plain
        if fields:
            field = fields[0] if len(fields) == 1 else b", ".join(fields)
            asked = orders.get(field) or order(field)
        for test, endpoint in asked:
            if test is None or test(request):
                return endpoint
        return None

    return choose_by_accept if by_accept else choose


def _is_quick(conditions: Conditions) -> bool:
    return not conditions.consumes and all(one.quick for one in conditions.predicates)


def _asked(groups: Sequence[Sequence[Endpoint]], accept: Accept) -> _Asked:
    """The endpoints in the order in which a client with this field asks them, without those that it refuses."""
    found: list[tuple[Callable[[Request], Any] | None, Endpoint]] = []
    for group in groups:
        welcome = [(one, (one.conditions or _NONE).quality(accept)) for one in group]
        for endpoint, quality in sorted(welcome, key=lambda pair: pair[1], reverse=True):
            if quality[0] > 0:
                found.append((_test(endpoint.conditions or _NONE), endpoint))
    return tuple(found)


def _test(conditions: Conditions) -> Callable[[Request], Any] | None:
    """All predicates as one; None for none."""
    tests = [one.test for one in conditions.predicates]
    if len(tests) < 2:
        return tests[0] if tests else None

    def test(request: Request) -> bool:
        return all(one(request) for one in tests)

    return test

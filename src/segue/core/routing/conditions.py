"""The conditions of a route: its predicates with the media types that it makes and takes, and how specific they are."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segue.core.routing.predicates import (
    InvalidPredicate,
    Predicate,
    PredicateFactory,
    holds,
    read_predicates,
)
from segue.http.negotiate import Accept
from segue.http.request import Request

__all__ = ["Conditions", "read_conditions"]

#: What is asked first where two routes have equally many predicates.
_KINDS = (
    "where",
    "when",
    "match",
    "param",
    "field",
    "header",
    "principals",
    "authenticated",
    "xhr",
    "consumes",
    "accept",
)


class Conditions(msgspec.Struct, frozen=True):
    """What a request has to be for one route.

    ``accept_order``: media types in the order in which they are preferred where the client has no preference.
    """

    predicates: tuple[Predicate, ...] = ()
    consumes: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    accept_order: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[str]:
        found = [one.kind for one in self.predicates]
        return found + ["consumes"] * bool(self.consumes) + ["accept"] * bool(self.accept)

    @property
    def rank(self) -> tuple[int, tuple[int, ...]]:
        """The less, the earlier a route is asked: more predicates first, then by their kinds."""
        kinds = self.kinds
        return -len(kinds), tuple(sorted(_KINDS.index(kind) for kind in kinds))

    @property
    def key(self) -> frozenset[Any]:
        """Equal for two that no request can tell apart."""
        return frozenset(
            [
                *[one.identity for one in self.predicates],
                ("consumes", frozenset(self.consumes)),
                ("accept", frozenset(self.accept)),
            ]
        )

    @property
    def vary(self) -> tuple[str, ...]:
        """The header fields that decide."""
        names = [name for one in self.predicates for name in one.vary]
        names += ["content-type"] * bool(self.consumes) + ["accept"] * bool(self.accept)
        return tuple(dict.fromkeys(names))

    async def hold(self, request: Request) -> bool:
        """Whether all predicates say so."""
        return await holds(self.predicates, request)

    def takes(self, request: Request) -> bool:
        """Whether the media type of the body is one of those that the route takes."""
        return not self.consumes or any(_within(request.content_type, one) for one in self.consumes)

    def quality(self, accept: Accept) -> tuple[float, int]:
        """How welcome to the client the best of what the route makes is, and then how welcome to the server.

        The first is 0 where the client refuses all of it.
        """
        if not self.accept:
            return 1.0, 0
        order = self.accept_order
        return max(
            (accept.quality(one), -order.index(one) if one in order else -len(order)) for one in self.accept
        )

    def __str__(self) -> str:
        told = [str(one) for one in self.predicates]
        told += [f"consumes={_told(self.consumes)}"] * bool(self.consumes)
        return ", ".join(told + [f"accept={_told(self.accept)}"] * bool(self.accept))


def _told(types: Sequence[str]) -> str:
    return repr(types[0]) if len(types) == 1 else repr(list(types))


def _within(media_type: str, wanted: str) -> bool:
    return media_type == wanted or (wanted.endswith("/*") and media_type.startswith(wanted[:-1]))


def read_conditions(
    options: Mapping[str, Any], factories: Mapping[str, PredicateFactory]
) -> Conditions | None:
    """The conditions that the options of a route state; None when there are none. Raises InvalidPredicate."""
    found = Conditions(
        tuple(read_predicates(options, factories)),
        _types("consumes", options.get("consumes")),
        _types("accept", options.get("accept")),
        _types("accept_order", options.get("accept_order")),
    )
    for one in found.accept:
        if "*" in one:
            raise InvalidPredicate(f"accept= says what the handler makes: a whole media type, not {one!r}")
    return found if found.kinds else None


def _types(option: str, value: str | Sequence[str] | None) -> tuple[str, ...]:
    types = [] if value is None else [value] if isinstance(value, str) else list(value)
    for one in types:
        if not isinstance(one, str) or one.count("/") != 1:
            raise InvalidPredicate(f'{option}= takes media types, like "application/json", not {one!r}')
    return tuple(one.lower() for one in types)

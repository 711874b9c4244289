"""Which middleware is around what: that of the app around everything, that of included apps and routes around theirs."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

from segue.core.handlers import Call, Endpoint, OnError
from segue.core.middleware.ordering import neighbour_name
from segue.core.middleware.pipeline import fold, guarded, guarded_fold, skippable, with_cookies, with_headers
from segue.core.options import Options
from segue.core.records import Around, MiddlewareLike
from segue.core.routing.dispatch import Find
from segue.core.source import Source

__all__ = ["around_all", "around_route", "carried", "skips", "wrapped"]


def around_route(
    root: Sequence[Around], outer: Sequence[Around], options: Options, place: Source, problems: list[str]
) -> tuple[Around, ...]:
    """What is around one route, inside that of the app: ``outer`` and its own, but for what it skips."""
    stack = [*outer, *[Around(one, place) for one in options.middleware]]
    for name in options.skip:
        if not any(one.is_known_as(name) for one in (*root, *stack)):
            shown = [str(one) for one in (*root, *stack) if not one.is_internal]
            there = ", ".join(dict.fromkeys(shown)) or "none"
            problems.append(
                f"{place}: skip={neighbour_name(name)}, but there is no such middleware around the route. "
                f"There is: {there}"
            )
    return tuple([one for one in stack if not skips(options, one)])


def wrapped(
    compiled: Callable[[], Call],
    endpoint: Endpoint,
    inner: Callable[[], list[MiddlewareLike]] | None = None,
) -> Callable[[], Call]:
    """``compiled``, with the middleware of ``endpoint`` and what its options add around it; itself if that is nothing.

    ``inner`` gives further middleware, inside of all other.
    """
    headers, cookies = endpoint.options.headers, endpoint.options.cookies
    if not endpoint.middleware and not headers and not cookies and inner is None:
        return compiled

    def make() -> Call:
        call = compiled()
        if inner is not None:
            call = guarded(fold(inner(), call), endpoint.on_error)
        call = guarded_fold([one.called for one in endpoint.middleware], call, endpoint.on_error)
        call = with_headers(call, headers) if headers else call
        return with_cookies(call, cookies) if cookies else call

    return make


def around_all(
    root: Sequence[Around], call: Call, endpoints: Sequence[Endpoint], find: Find, on_error: OnError
) -> Call:
    """``call``, which answers everything, in the middleware of the app."""
    if not root:
        return call
    skipping = [endpoint for endpoint in endpoints if endpoint.options.skip]

    def layer(one: Around) -> MiddlewareLike:
        if any(skips(endpoint.options, one) for endpoint in skipping):
            return skippable(one.called, lambda endpoint: skips(endpoint.options, one), find)
        return one.called

    return guarded_fold([layer(one) for one in root], call, on_error)


def carried(app: object, call: Call) -> Call:
    """``call`` with its request as ``current_request()``, where anything has imported that."""
    context: Any = sys.modules.get("segue.core.context")
    carrying: Call = call if context is None else context.carrying(app, call)
    return carrying


def skips(options: Options, one: Around) -> bool:
    """Whether a route with these options goes without ``one``."""
    return any(one.is_known_as(name) for name in options.skip)

"""Chooses among endpoints that share a method and a path, by their conditions."""

import itertools
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from segue.core.handlers import Endpoint
from segue.core.routing.conditions import Conditions
from segue.core.routing.quick import quick_choice
from segue.http.errors import HTTPError, NotAcceptable, NotFound, UnsupportedMediaType
from segue.http.negotiate import Accept
from segue.http.request import Request
from segue.http.response import Response, Variation

__all__ = ["choice", "choose", "ranked", "skipped_by_all"]

_NONE = Conditions()


def choice(candidates: Sequence[Endpoint], otherwise: Endpoint | None = None) -> Endpoint:
    """One endpoint for all of ``candidates``: the only one as it is, if it has no conditions.

    ``otherwise`` is asked where none of them takes the request.
    """
    first = candidates[0]
    if len(candidates) == 1 and first.conditions is None:
        return first
    ordered = [*ranked(candidates), *([[otherwise]] if otherwise else [])]
    vary = tuple(dict.fromkeys(name for one in candidates for name in _conditions(one).vary))
    variation = Variation(*vary) if vary else None
    quick = quick_choice(ordered)

    async def think(request: Request) -> Response:
        try:
            endpoint = request.endpoint = await choose(ordered, request)
        except Exception as error:  # noqa: BLE001 -- no candidate, or a predicate that failed
            return await first.on_error(request, error)
        return await endpoint.call(request)

    def answer(request: Request) -> Coroutine[Any, Any, Response]:
        try:
            endpoint = quick(request)
        except Exception:  # noqa: BLE001 -- a query that cannot be read, or the like: told by the slower way
            endpoint = None
        if endpoint is None:
            return think(request)
        request.endpoint = endpoint
        return endpoint.call(request)

    async def answer_varied(request: Request) -> Response:
        # PERF: the same again: a coroutine around that of ``answer`` costs 0.2 us more.
        try:
            endpoint = quick(request)
        except Exception:  # noqa: BLE001 -- as above
            endpoint = None
        if endpoint is None:
            response = await think(request)
        else:
            request.endpoint = endpoint
            response = await endpoint.call(request)
        if response.fields is None:
            response.fields = variation
        elif variation is not None:
            response.varies(variation)
        return response

    options = msgspec.structs.replace(
        first.options, skip=skipped_by_all([*candidates, *([otherwise] if otherwise else [])])
    )
    endpoint = Endpoint(first.app, first.name, first.handler, first.place, options)
    endpoint.call = answer if variation is None else answer_varied
    endpoint.among = tuple([one for group in ordered for one in group])
    endpoint.on_error = first.on_error
    endpoint.identifies = first.identifies
    endpoint.path, endpoint.methods = first.path, first.methods
    return endpoint


def skipped_by_all(endpoints: Sequence[Endpoint]) -> tuple[object, ...]:
    """The middleware that a choice among these skips: which of them answers is found inside of the middleware."""
    first, *others = endpoints
    return tuple([one for one in first.options.skip if all(one in other.options.skip for other in others)])


def ranked(candidates: Sequence[Endpoint]) -> list[list[Endpoint]]:
    """The candidates in the order in which they are asked; those of one list only ``Accept`` can put in order."""
    ordered = sorted(candidates, key=lambda one: _conditions(one).rank)
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda one: _conditions(one).rank)]


async def choose(groups: Sequence[Sequence[Endpoint]], request: Request) -> Endpoint:
    """The most specific endpoint whose conditions hold.

    Raises NotAcceptable (406) or UnsupportedMediaType (415) where only a media type stood against one, else NotFound.
    """
    accept: Accept | None = None
    refused: list[Endpoint] = []
    unread: list[Endpoint] = []
    for group in groups:
        best, welcome = None, (0.0, 0)
        for endpoint in group:
            conditions = endpoint.conditions
            if conditions is None:
                return endpoint
            if not await conditions.hold(request):
                continue
            if not conditions.takes(request):
                unread.append(endpoint)
                continue
            if accept is None:
                accept = Accept.parse(request.headers.joined("accept"))
            quality = conditions.quality(accept)
            if quality[0] <= 0:
                refused.append(endpoint)
            elif best is None or quality > welcome:
                best, welcome = endpoint, quality
        if best is not None:
            return best
    raise _failure(refused, unread)


def _failure(refused: Sequence[Endpoint], unread: Sequence[Endpoint]) -> HTTPError:
    if refused:
        offers = dict.fromkeys(one for endpoint in refused for one in _conditions(endpoint).accept)
        return NotAcceptable(f"This is there as {', '.join(offers)}.")
    if unread:
        taken = ", ".join(dict.fromkeys(one for endpoint in unread for one in _conditions(endpoint).consumes))
        return UnsupportedMediaType(f"The body has to be {taken}.", headers={"accept": taken})
    return NotFound()


def _conditions(endpoint: Endpoint) -> Conditions:
    return endpoint.conditions or _NONE

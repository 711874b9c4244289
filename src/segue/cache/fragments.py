"""Parts of pages that are kept: what ``{% cache %}`` in templates asks."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from segue.cache.cache import Cache
from segue.core.texts.speaking import spoken_key
from segue.http.request import Request

__all__ = ["fragments_of"]

logger = logging.getLogger("segue.cache")

Keeps = Callable[..., Awaitable[str]]


class _Private(Exception):
    """Ends the making of a part that is not to be kept."""


def fragments_of(cache: Cache) -> Keeps:
    """What templates have as ``cache_fragment``."""

    async def cache_fragment(
        request: Request,
        key: Sequence[Any],
        make: Callable[[], Awaitable[tuple[str, bool]]],
        seconds: tuple[float | None] | None,
        tags: Sequence[str],
    ) -> str:
        mine: list[str] = []

        async def fresh() -> str:
            text, own = await _made(request, make)
            if own:
                mine.append(text)
                raise _Private
            return text

        lasts = cache.seconds if seconds is None else seconds[0]
        try:
            found: str = await cache.get_or(
                ("fragment", spoken_key(), *key), fresh, lasts, type=str, tags=tags
            )
        except _Private:
            if not mine:  # that of somebody else, who made it for all
                return (await _made(request, make))[0]
            logger.warning("a part of %s is of one visitor, or brings a style: it is not kept", key[0])
            return mine[0]
        return found

    return cache_fragment


async def _made(request: Request, make: Callable[[], Awaitable[tuple[str, bool]]]) -> tuple[str, bool]:
    """The part, and whether it is only for who has asked."""
    made: dict[str, Any] = request.made if request.made is not None else {}
    request.made = made
    private, identity = made.pop("private", None), made.get("identity")
    try:
        text, whole = await make()
    finally:
        own = made.get("private")
        if private is not None:
            made["private"] = private
    nonce = made.get("csp_nonce")
    known = made.get("identity") is not identity
    return text, bool(own or known or not whole or (nonce and nonce in text))

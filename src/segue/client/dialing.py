"""Reaches a host: resolves its name, checks the addresses, and connects to the first that answers (RFC 8305)."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from segue.client.addresses import Address, Network, is_public, networks
from segue.client.resolver import Resolver, Unresolved

__all__ = ["Dialer", "NotPublic"]

C = TypeVar("C")

# RFC 8305, section 5: time that an address has before the next one is tried beside it.
_HEAD_START = 0.25


class NotPublic(OSError):
    """None of the addresses of a name may be connected to."""


class Dialer:
    """Connects to names. What is checked is the address that is connected to, so no second answer of a name server counts.

    ``public_only``: only to public addresses, and to those in ``allowed``.
    """

    def __init__(self, resolver: Resolver, *, public_only: bool = False, allowed: Sequence[str] = ()) -> None:
        self._resolver = resolver
        self._public_only = public_only
        self._allowed = networks(allowed)

    async def dial(
        self,
        host: str,
        connect: Callable[[str], Awaitable[C]],
        close: Callable[[C], object],
        timeout: float | None,
    ) -> C:
        """What ``connect`` gives for the first address that answers; what answers later is closed.

        Raises NotPublic, Unresolved, TimeoutError, and what ``connect`` raised last.
        """
        async with asyncio.timeout(timeout):
            found = self.fit(host, await self._resolver.addresses(host, timeout))
            return await _first(_alternating(found), connect, close)

    def fit(self, host: str, found: Sequence[Address]) -> list[Address]:
        """Those of ``found`` that may be connected to. Raises NotPublic when there is none."""
        if not found:
            raise Unresolved(f"the name {host!r} has no address")
        if not self._public_only:
            return list(found)
        fit = [one for one in found if is_public(one) or _within(one, self._allowed)]
        if not fit:
            told = ", ".join(str(one) for one in found[:4])
            raise NotPublic(
                f"{host!r} leads to {told}, which is not public, and this client connects to public addresses only. "
                f"Name the networks that it may reach nonetheless: allowed=[...]"
            )
        return fit


def _within(address: Address, allowed: Sequence[Network]) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in allowed)


def _alternating(found: Sequence[Address]) -> list[str]:
    """Both families by turns, beginning with that of the first (RFC 8305, section 4)."""
    first = [str(one) for one in found if one.version == found[0].version]
    other = [str(one) for one in found if one.version != found[0].version]
    pairs = itertools.zip_longest(first, other)
    return [one for pair in pairs for one in pair if one is not None]


async def _first(
    addresses: Sequence[str], connect: Callable[[str], Awaitable[C]], close: Callable[[C], object]
) -> C:
    if len(addresses) == 1:
        return await connect(addresses[0])
    pending: set[asyncio.Task[C]] = set()
    left = list(addresses)
    won: asyncio.Task[C] | None = None
    failure: BaseException | None = None
    try:
        while won is None and (left or pending):
            if left:
                pending.add(asyncio.ensure_future(_connected(connect, left.pop(0))))
            done, pending = await asyncio.wait(
                pending, timeout=_HEAD_START if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if one.exception() is not None:
                    failure = one.exception()
                elif won is None:
                    won = one
                else:
                    pending.add(one)
    finally:
        for late in pending:
            late.cancel()
            late.add_done_callback(lambda one: _discard(one, close))
    if won is None:
        raise failure or OSError("no address answered")
    return won.result()


async def _connected(connect: Callable[[str], Awaitable[C]], address: str) -> C:
    return await connect(address)


def _discard(late: asyncio.Task[C], close: Callable[[C], object]) -> None:
    if not late.cancelled() and late.exception() is None:
        close(late.result())

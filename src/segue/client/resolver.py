"""Finds the addresses of a host in threads of its own: the loop never waits, and no call longer than it may."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from segue.client.addresses import Address

__all__ = ["Resolver", "Unresolved"]

_MOST_NAMES = 256


class Unresolved(OSError):
    """A name that has no address, or whose address was not found in time."""


class Resolver:
    """Asks the system for addresses, as every program does: hosts file, DNS, and what else there is.

        resolver = Resolver(hosts={"films.test": "127.0.0.1"})
        await resolver.addresses("films.test", timeout=5.0)

    ``hosts``: names that are not asked about, with their addresses. ``threads``: how many questions may be open; more wait,
    within their time. ``remember``: seconds for which an answer is used again (the system does not tell for how long it
    holds). The loop's own threads are left alone: a name server that hangs must not hold up files or ``def`` handlers.
    """

    def __init__(
        self, *, hosts: Mapping[str, str] | None = None, threads: int = 8, remember: float = 10.0
    ) -> None:
        self._hosts = {
            name.lower().rstrip("."): [ipaddress.ip_address(at)] for name, at in (hosts or {}).items()
        }
        self._threads = threads
        self._remember = remember
        self._known: OrderedDict[str, tuple[float, list[Address]]] = OrderedDict()
        self._asked: dict[str, asyncio.Future[list[Address]]] = {}
        self._open = 0
        self._waiting: OrderedDict[str, asyncio.Future[list[Address]]] = OrderedDict()

    async def addresses(self, host: str, timeout: float | None) -> list[Address]:
        """The addresses of ``host``, the preferred ones first. Raises Unresolved, and TimeoutError after ``timeout``."""
        name = host.lower().rstrip(".")
        given = self._hosts.get(name)
        if given is not None:
            return given
        try:
            return [ipaddress.ip_address(host)]
        except ValueError:
            pass
        known = self._known.get(name)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        future = self._asked.get(name)
        if future is None:
            future = self._asked[name] = asyncio.get_running_loop().create_future()
            # Nobody may wait any more when the answer comes.
            future.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
            self._ask(name, future)
        async with asyncio.timeout(timeout):
            return await asyncio.shield(future)

    def _ask(self, name: str, future: asyncio.Future[list[Address]]) -> None:
        if self._open >= self._threads:
            if len(self._waiting) >= _MOST_NAMES:
                _, oldest = self._waiting.popitem(last=False)
                oldest.set_exception(Unresolved("too many names are being asked about"))
            self._waiting[name] = future
            return
        self._open += 1
        loop = asyncio.get_running_loop()
        # A thread that hangs in the system's resolver must not keep the program from ending: a daemon.
        threading.Thread(
            target=self._look_up, args=(loop, name, future), name=f"segue-resolver {name}", daemon=True
        ).start()

    def _look_up(
        self, loop: asyncio.AbstractEventLoop, name: str, future: asyncio.Future[list[Address]]
    ) -> None:
        found: list[Address] | OSError
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            found = list(
                dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in answers)
            )
        except (OSError, UnicodeError, ValueError) as error:
            found = Unresolved(f"the name {name!r} has no address: {error}")
        try:
            loop.call_soon_threadsafe(self._answered, name, future, found)
        except RuntimeError:  # the loop was closed meanwhile: nobody waits
            pass

    def _answered(
        self, name: str, future: asyncio.Future[list[Address]], found: list[Address] | OSError
    ) -> None:
        self._open -= 1
        self._asked.pop(name, None)
        if isinstance(found, OSError):
            if not future.done():
                future.set_exception(found)
        else:
            self._known[name] = (time.monotonic() + self._remember, found)
            self._known.move_to_end(name)
            if len(self._known) > _MOST_NAMES:
                self._known.popitem(last=False)
            if not future.done():
                future.set_result(found)
        if self._waiting:
            self._ask(*self._waiting.popitem(last=False))

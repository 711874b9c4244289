"""What all views of one client share: on each loop its pool of connections and its resolver, and what it trusts in TLS."""

from __future__ import annotations

import asyncio
import importlib
import ssl
from typing import TYPE_CHECKING

from segue.client.dialing import Dialer
from segue.client.options import HttpOptions, Limits, Retries, Timeouts
from segue.client.resolver import Resolver

if TYPE_CHECKING:
    from segue.client.sender import Carrier, Sender

__all__ = ["Connections"]


class Connections:
    """Opens what is needed when it is needed; ``close()`` closes what belongs to the running loop."""

    def __init__(self, options: HttpOptions) -> None:
        self.options = options
        self.timeouts = options.get("timeouts", Timeouts())
        self.limits = options.get("limits", Limits())
        self.retries = options.get("retries", Retries())
        self._senders: dict[asyncio.AbstractEventLoop, Sender] = {}
        self._dialers: dict[asyncio.AbstractEventLoop, Dialer] = {}
        self._tls = options.get("tls")

    def sender(self) -> Sender:
        """What sends calls on the running loop. Raises ImportError where the libraries are missing."""
        loop = asyncio.get_running_loop()
        sender = self._senders.get(loop)
        if sender is None:
            self._forget_closed()
            sender = self._senders[loop] = self._opened()
        return sender

    def dialer(self) -> Dialer:
        """What connects to hosts on the running loop."""
        loop = asyncio.get_running_loop()
        dialer = self._dialers.get(loop)
        if dialer is None:
            self._forget_closed()
            options = self.options
            dialer = self._dialers[loop] = Dialer(
                Resolver(hosts=options.get("hosts")),
                public_only=options.get("public_only", False),
                allowed=options.get("allowed", ()),
            )
        return dialer

    def tls(self) -> ssl.SSLContext:
        """What is trusted: the certificates of the system, in TLS 1.2 and 1.3, if nothing else is said."""
        if self._tls is None:
            _require()
            import httpcore2

            self._tls = httpcore2.default_ssl_context()
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        self._dialers.pop(loop, None)
        sender = self._senders.pop(loop, None)
        if sender is not None:
            await sender.close()

    def _opened(self) -> Sender:
        _require()
        from segue.client.sender import Sender

        return Sender(
            self._carrier(),
            timeouts=self.timeouts,
            limits=self.limits,
            retries=self.retries,
            cookies=self.options.get("cookies", False),
        )

    def _carrier(self) -> Carrier:
        options = self.options
        if "answers" in options:
            from segue.client.answers import Answered

            return Answered(options["answers"])
        from segue.client.network import Network

        return Network(
            self.dialer(),
            self.limits,
            tls=self.tls,
            pins=options.get("pin", ()),
            http2=options.get("http2", False),
            proxy=options.get("proxy"),
        )

    def _forget_closed(self) -> None:
        """Connections end with their loop."""
        for loop in [*self._senders, *self._dialers]:
            if loop.is_closed():
                self._senders.pop(loop, None)
                self._dialers.pop(loop, None)


def _require() -> None:
    try:
        importlib.import_module("httpx2")
    except ImportError:
        raise ImportError("segue.client needs httpx2: pip install 'segue[client]'") from None

"""The connections of a client: httpcore's pools over our own way of reaching hosts."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, cast

import httpcore2
import httpx2

from segue.client.dialing import Dialer
from segue.client.options import Limits

__all__ = ["Network", "Pinned"]


class Pinned(OSError):
    """The other side has shown a certificate that is not one of those that are pinned."""


class Network:
    """Sends requests over connections that it keeps: to the host itself, or through a proxy."""

    def __init__(
        self,
        dialer: Dialer,
        limits: Limits,
        *,
        tls: Callable[[], ssl.SSLContext],
        pins: Sequence[str],
        http2: bool,
        proxy: str | None,
    ) -> None:
        self._backend = Backend(dialer, pins)
        self._limits = limits
        self._tls = tls
        self._http2 = http2
        self._proxy = proxy
        self._environment = urllib.request.getproxies() if proxy == "environment" else {}
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """The head of the reply; its stream is still to be read, and to be closed. Raises httpcore2's errors."""
        url = request.url
        passed = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=cast("Any", request.stream),
            extensions=request.extensions,
        )
        reply = await self._pool(url).handle_async_request(passed)
        return httpx2.Response(
            reply.status,
            headers=reply.headers,
            stream=_Body(reply.stream),
            extensions=reply.extensions,
            request=request,
        )

    async def close(self) -> None:
        """Closes all connections."""
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            await pool.aclose()

    def _pool(self, url: httpx2.URL) -> httpcore2.AsyncConnectionPool:
        proxy = self._proxy_for(url)
        pool = self._pools.get(proxy)
        if pool is None:
            pool = self._pools[proxy] = self._made(proxy)
        return pool

    def _proxy_for(self, url: httpx2.URL) -> str:
        if self._proxy != "environment":
            return self._proxy or ""
        if urllib.request.proxy_bypass(url.host):
            return ""
        return self._environment.get(url.scheme) or self._environment.get("all") or ""

    def _made(self, proxy: str) -> httpcore2.AsyncConnectionPool:
        options: dict[str, Any] = {
            "ssl_context": self._tls(),
            "max_connections": self._limits.connections,
            "max_keepalive_connections": self._limits.idle,
            "keepalive_expiry": self._limits.keep,
            "http2": self._http2,
            "network_backend": self._backend,
        }
        if not proxy:
            return httpcore2.AsyncConnectionPool(**options)
        read = httpx2.Proxy(proxy if "://" in proxy else "http://" + proxy)
        options["proxy_auth"] = read.raw_auth
        at = httpcore2.URL(
            scheme=read.url.raw_scheme, host=read.url.raw_host, port=read.url.port, target=b"/"
        )
        if read.url.scheme in ("http", "https"):
            return httpcore2.AsyncHTTPProxy(proxy_url=at, **options)
        return httpcore2.AsyncSOCKSProxy(proxy_url=at, **options)


class Backend(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that a dialer has found and checked."""

    def __init__(self, dialer: Dialer, pins: Sequence[str]) -> None:
        self._dialer = dialer
        self._pins = frozenset(pin.replace(":", "").lower() for pin in pins)
        self._sockets: httpcore2.AsyncNetworkBackend = cast("Any", httpcore2.AnyIOBackend)()
        self._closing: set[asyncio.Task[None]] = set()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        async def connect(address: str) -> httpcore2.AsyncNetworkStream:
            return await self._sockets.connect_tcp(address, port, None, local_address, socket_options)

        try:
            stream = await self._dialer.dial(host, connect, self._close, timeout)
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"no connection to {host} within {timeout:g} s") from None
        return PinnedStream(stream, self._pins) if self._pins else stream

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        return await self._sockets.connect_unix_socket(path, timeout, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _close(self, stream: httpcore2.AsyncNetworkStream) -> None:
        """Closes a connection that came too late."""
        closing = asyncio.get_running_loop().create_task(stream.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


class PinnedStream(httpcore2.AsyncNetworkStream):
    """A connection that is given up when TLS shows another certificate than those that are known."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, pins: frozenset[str]) -> None:
        self._stream = stream
        self._pins = pins

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        shown = stream.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
        fingerprint = hashlib.sha256(shown).hexdigest()
        if fingerprint not in self._pins:
            await stream.aclose()
            raise Pinned(f"{server_hostname} has shown the certificate {fingerprint}, which is not pinned")
        return stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Body(httpx2.AsyncByteStream):
    """The body of a reply on its connection."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()

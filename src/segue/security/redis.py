"""A Redis server, for sessions and limits: one pool of connections for each event loop."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from segue.http.errors import ServiceUnavailable

__all__ = ["RedisServer"]

T = TypeVar("T")


_CONNECTIONS = 32
_PATIENCE = 5.0  # seconds until one of them is free


class RedisServer:
    """Connects when it is first needed. Raises ImportError where the package ``redis`` is missing.

    The cache has a client of its own, beside this kit: it goes on without an answer, here there is a 503. What goes wrong is told soon, and once tried again: by its defaults redis-py tries ten times more, 3.5 seconds where nobody
    listens and a minute where nobody answers, and opens a connection for each of a thousand questions at once.
    """

    def __init__(self, url: str, timeout: float) -> None:
        try:
            import redis.asyncio as redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise ImportError("Redis needs the package redis: pip install 'segue[redis]'") from None
        self._redis: Any = redis
        # One more try: a connection that the server has closed meanwhile is found out when it is used.
        self._retry: Any = Retry(NoBackoff(), 1)
        self._timeout = timeout
        self._url = url
        self._client: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scripts: dict[str, Any] = {}

    @property
    def client(self) -> Any:
        """The client of the running loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            pool = self._redis.BlockingConnectionPool.from_url(
                self._url,
                max_connections=_CONNECTIONS,
                timeout=_PATIENCE,
                socket_timeout=self._timeout,
                socket_connect_timeout=self._timeout,
                retry=self._retry,
            )
            self._client = self._redis.Redis.from_pool(pool)
            self._loop = loop
            self._scripts = {}
        return self._client

    async def run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """What a script returns; the server knows it after the first time. Raises ServiceUnavailable (503)."""
        client = self.client
        known = self._scripts.get(script)
        if known is None:
            known = self._scripts[script] = client.register_script(script)
        return await self.answer(known(keys=keys, args=arguments))

    async def answer(self, asked: Awaitable[T]) -> T:
        """What Redis answers. Raises ServiceUnavailable (503) where it does not."""
        try:
            return await asked
        except (self._redis.ConnectionError, self._redis.TimeoutError) as error:
            raise ServiceUnavailable("Redis does not answer.", retry_after=1) from error

    async def ping(self) -> None:
        """Raises what is wrong with the connection."""
        await self.client.ping()

    async def close(self) -> None:
        """Closes the connections of the running loop."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = self._loop = None

"""Sessions and limits in a Redis that does not answer, and in one that is asked much at once."""

import asyncio
import os
import secrets
import time

import pytest

from segue import ServiceUnavailable
from segue.security import Rate, RedisCounts, RedisSessions

URL = os.environ.get("SEGUE_TEST_REDIS", "redis://127.0.0.1:6379/9")
RATE = Rate(1_000, 60)


def test_a_redis_that_hangs_up_is_tried_once_more_and_is_a_503() -> None:
    connected: list[int] = []

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(1)
        writer.close()

    async def ask() -> None:
        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            counts, sessions = RedisCounts(url), RedisSessions(url)
            for asked in (counts.take("key", RATE, 1), sessions.read("key")):
                with pytest.raises(ServiceUnavailable) as caught:
                    await asked
                assert caught.value.headers["retry-after"] == "1"
            await counts.close()
            await sessions.close()

    began = time.monotonic()
    asyncio.run(ask())
    assert len(connected) <= 4, "each of the two asked is tried twice"
    assert time.monotonic() - began < 3, "one alone took longer than that when it was tried ten times"


def test_a_redis_that_says_nothing_is_a_503_after_its_timeout() -> None:
    async def ask() -> None:
        done = asyncio.Event()

        async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await done.wait()
            writer.close()

        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        counts = RedisCounts(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.1)
        try:
            async with asyncio.timeout(10):
                with pytest.raises(ServiceUnavailable):
                    await counts.take("key", RATE, 1)
        finally:
            done.set()
            await counts.close()
            server.close()
            await server.wait_closed()

    asyncio.run(ask())


@pytest.mark.requires("redis")
def test_hundreds_at_once_share_a_few_connections() -> None:
    import redis

    name = f"segue-test-{secrets.token_hex(4)}"
    url = f"{URL}{'&' if '?' in URL else '?'}client_name={name}"

    async def ask() -> tuple[int, int]:
        counts = RedisCounts(url, prefix=f"{name}:")
        answers = await asyncio.gather(*[counts.take("key", RATE, 1) for _ in range(400)])
        with redis.Redis.from_url(URL) as watching:
            connections = sum(one["name"] == name for one in watching.client_list())
        await counts.forget("key")
        await counts.close()
        return sum(one.allowed for one in answers), connections

    allowed, connections = asyncio.run(ask())
    assert allowed == 400
    assert 1 <= connections <= 32

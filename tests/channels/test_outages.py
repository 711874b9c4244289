"""What carries messages goes away and comes back: nothing grows, nothing hangs, and what was missed is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segue.channels import Channels, ChannelsDown, Gap, Message

Make = Callable[..., Channels]
Run = Callable[[Callable[[], Awaitable[None]]], None]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def server(*command: str, port: int) -> Iterator[None]:
    """A server of the test's own, killed at the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.02)
        yield
    finally:
        process.kill()
        process.wait()


async def published(channels: Channels, value: object) -> str:
    """Publishes as soon as that is possible again."""
    while True:
        try:
            return await channels.publish("news", value)
        except ChannelsDown:
            await asyncio.sleep(0.05)


@pytest.mark.row("FAULT-20")
@pytest.mark.requires("redis")
@pytest.mark.requires("redis-server")
def test_redis_restarts(run: Run, tmp_path: Path) -> None:
    """A client learns that it has missed something: by a Gap, at once when the connection is there again."""
    import redis

    port = free_port()
    command = (
        "redis-server",
        "--port",
        str(port),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(tmp_path),
    )
    url = f"redis://127.0.0.1:{port}"

    def clients() -> int:
        with redis.Redis.from_url(url) as asking:
            return len(asking.client_list()) - 1

    async def work() -> None:
        async with Channels(url) as here, Channels(url) as there:
            with server(*command, port=port):
                reading = there.subscribe("news")
                await reading.__aenter__()
                await here.publish("news", 1)
                await here.publish("news", 2)
                assert [(await reading.get()).data for _ in range(2)] == [1, 2]
                before = await asyncio.to_thread(clients)
            stopped = time.monotonic()
            with pytest.raises(ChannelsDown):
                await here.publish("news", "into the void")
            await asyncio.sleep(10 - (time.monotonic() - stopped))
            with server(*command, port=port):
                await published(here, 3)
                events = reading.events()
                first = await anext(events)
                assert isinstance(first, Gap)
                assert first.reason == "away"
                while not (isinstance(first, Message) and first.data == 3):
                    first = await anext(events)
                assert await asyncio.to_thread(clients) <= before
                await reading.__aexit__()

    run(work)


@pytest.mark.requires("redis")
@pytest.mark.requires("redis-server")
def test_what_redis_has_kept_is_fetched_after_the_connection_was_cut(run: Run, tmp_path: Path) -> None:
    import redis

    port = free_port()
    url = f"redis://127.0.0.1:{port}"

    async def work() -> None:
        with server("redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path), port=port):
            async with Channels(url) as here, Channels(url) as there, there.subscribe("news") as messages:
                await here.publish("news", 0)
                with redis.Redis.from_url(url) as asking:
                    for number in range(1, 20):
                        if number % 5 == 0:
                            asking.client_kill_filter(_type="pubsub")
                        await published(here, number)
                assert [(await messages.get()).data for _ in range(20)] == list(range(20))
                assert messages.missed == 0

    run(work)


@pytest.mark.requires("postgresql")
@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
def test_what_postgresql_has_kept_is_fetched_after_the_connection_was_cut(make: Make, run: Run) -> None:
    import asyncpg

    async def work() -> None:
        here, there = make(), make()
        async with here, there, there.subscribe("news") as messages:
            await here.publish("news", 0)
            for number in range(1, 20):
                if number % 6 == 0:
                    url = str(here.where).rpartition("/")
                    asking = await asyncpg.connect(f"{url[0]}/postgres")
                    await asking.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", url[2]
                    )
                    await asking.close()
                await published(here, number)
            assert [(await messages.get()).data for _ in range(20)] == list(range(20))
            assert messages.missed == 0

    run(work)


@pytest.mark.requires("nats")
@pytest.mark.requires("nats-server")
def test_nats_restarts(run: Run, tmp_path: Path) -> None:
    port = free_port()
    found = shutil.which("nats-server") or "nats-server"
    command = (found, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(tmp_path))
    url = f"nats://127.0.0.1:{port}"

    async def work() -> None:
        async with Channels(url) as here, Channels(url) as there:
            with server(*command, port=port):
                reading = there.subscribe("news")
                await reading.__aenter__()
                await here.publish("news", 1)
                assert (await reading.get()).data == 1
            await asyncio.sleep(1)
            with server(*command, port=port):
                await published(here, 2)
                events = reading.events()
                first = await anext(events)
                assert isinstance(first, Gap)
                assert first.missed is None
                while not (isinstance(first, Message) and first.data == 2):
                    first = await anext(events)
                await reading.__aexit__()

    run(work)


PROCESS = """
    import asyncio, os, sys
    from segue.channels import Channels, Gap

    async def main():
        async with Channels("local:outage") as channels:
            async with channels.subscribe("news") as messages, channels.presence("who", str).join(sys.argv[1], ""):
                print("ready", bool(channels._backend._hub), flush=True)
                sys.stdin.readline()

                async def publish():
                    for number in range(100):
                        await channels.publish("news", [sys.argv[1], number])
                        await asyncio.sleep(0.01)

                publishing = asyncio.create_task(publish())
                async for event in messages.events():
                    print("gap" if isinstance(event, Gap) else ":".join(map(str, event.data)), flush=True)

    asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP, signal.SIGINT])
def test_the_process_that_is_the_hub_ends(tmp_path: Path, how: signal.Signals) -> None:
    """Another one takes over; of those that live, nothing is lost and nothing comes twice."""
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROCESS))
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    outputs = [tmp_path / f"{name}.out" for name in "abc"]
    processes = []
    try:
        for name, output in zip("abc", outputs, strict=True):
            with output.open("w") as opened:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, str(program), name],
                        env=environment,
                        cwd=tmp_path,
                        stdin=subprocess.PIPE,
                        stdout=opened,
                        text=True,
                    )
                )
        _until(lambda: all("ready" in one.read_text() for one in outputs), "three processes")
        hub = next(at for at, one in enumerate(outputs) if "ready True" in one.read_text())
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        _until(lambda: len(outputs[hub].read_text().split()) > 50, "messages")
        if how == signal.SIGSTOP:
            processes[hub].send_signal(how)
            time.sleep(1)
            processes[hub].send_signal(signal.SIGCONT)
        else:
            processes[hub].send_signal(how)
            processes[hub].wait(20)
        alive = [at for at in range(3) if how == signal.SIGSTOP or at != hub]
        _until(
            lambda: all(f"{'abc'[other]}:99" in outputs[at].read_text() for at in alive for other in alive),
            "the last messages",
        )
        for at in alive:
            said = outputs[at].read_text().split()[2:]
            assert "gap" not in said
            for other in alive:
                own = [one for one in said if one.startswith("abc"[other])]
                assert own == [f"{'abc'[other]}:{number}" for number in range(100)]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def test_nobody_else_may_read_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / f"segue-{os.getuid()}"
    folder.mkdir(mode=0o755)

    async def work() -> None:
        with pytest.raises(PermissionError, match="mode 0700"):
            async with Channels("local:x"):
                pass

    run(work)
    folder.chmod(0o700)

    async def fine() -> None:
        async with Channels("local:x") as channels:
            await channels.publish("a", 1)
            assert all(
                one.stat().st_mode & 0o077 == 0 or one.suffix == ".lock"
                for one in folder.iterdir()
                if not one.is_socket()
            )

    run(fine)


def test_a_server_that_is_away_is_an_error_soon(run: Run) -> None:
    port = free_port()

    async def work() -> None:
        for url in (
            f"redis://127.0.0.1:{port}",
            f"postgresql://postgres@127.0.0.1:{port}/x",
            f"nats://127.0.0.1:{port}",
        ):
            async with Channels(url) as channels:
                with pytest.raises(ChannelsDown) as failed:
                    await channels.publish("news", 1)
                assert failed.value.status == 503
                with pytest.raises(ChannelsDown):
                    async with channels.subscribe("news"):
                        pass

    run(work)


def test_what_no_url_is_is_told() -> None:
    with pytest.raises(ValueError, match='carried by "memory:", "local:"'):
        Channels("amqp://localhost")


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.02)

"""Background tasks: they start and stop with the app, have names, and are started again where that is wanted."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue import App, AppStarted, AppStopping
from segue.core.plan import FreezeError
from segue.testing import AsyncClient, Client


class Store:
    pass


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_a_declared_task_runs_from_start_to_stop_inside_the_lifespans() -> None:
    app = App()
    seen: list[str] = []

    @app.lifespan
    async def database() -> AsyncIterator[None]:
        seen.append("open")
        yield
        seen.append("close")

    @app.task()
    async def listen() -> None:
        seen.append("listen")
        try:
            await for_ever()
        finally:
            seen.append("cancelled")

    app.on(AppStarted)(lambda: seen.append("started"))
    app.on(AppStopping)(lambda: seen.append("stopping"))

    async def main() -> None:
        async with AsyncClient(app):
            await asyncio.sleep(0)
            assert app.tasks["listen"].running
            assert app.phase == "started"
        assert len(app.tasks) == 0

    asyncio.run(main())
    assert seen == ["open", "started", "listen", "stopping", "cancelled", "close"]


@pytest.mark.row("SA10")
def test_named_tasks_are_found_cancelled_restarted_purged_and_cancelled_on_shutdown() -> None:
    app = App()
    ended: list[str] = []

    def work(name: str) -> object:
        async def run() -> str:
            try:
                await for_ever()
            finally:
                ended.append(name)
            return name

        return run

    async def main() -> None:
        async with AsyncClient(app):
            for name in "abc":
                task = app.tasks.start(work(name), name=name)  # type: ignore[arg-type]
                assert app.tasks.get(name) is app.tasks[name] is task
            await asyncio.sleep(0)
            with pytest.raises(ValueError, match=r"'a'.*runs already"):
                app.tasks.start(for_ever, name="a")
            with pytest.raises(KeyError, match="no task 'd'"):
                app.tasks["d"]
            await app.tasks["b"].cancel()
            assert ended == ["b"]
            assert not app.tasks["b"].running
            await app.tasks["b"].restart()
            await asyncio.sleep(0)
            assert (app.tasks["b"].running, app.tasks["b"].starts) == (True, 2)
            await app.tasks["c"].cancel()
            app.tasks.purge()
            assert [task.name for task in app.tasks] == ["a", "b"]
            assert await app.tasks.start(asyncio.sleep(0, "result")).wait() == "result"
            ended.clear()
        assert ended == ["b", "a"]  # the last that was started first
        with pytest.raises(RuntimeError, match="stops"):
            app.tasks.start(for_ever)

    asyncio.run(main())
    # Declared before the app runs, a task starts in each process that serves it.
    app = App()
    app.task(name="early")(for_ever)
    with Client(app):
        assert app.tasks["early"].running


def test_what_fails_is_logged_with_its_line_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    tries: list[int] = []

    @app.task(backoff=0.001)
    async def shaky() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError(f"no {len(tries)}")

    async def once() -> None:
        raise ValueError("once")

    async def main() -> None:
        async with AsyncClient(app):
            await app.tasks["shaky"].wait()
            task = app.tasks.start(once, name="once")
            with pytest.raises(ValueError, match="once"):
                await task.wait()
            assert task.starts == 1

    asyncio.run(main())
    messages = [one.getMessage() for one in caplog.records]
    assert len(tries) == 3
    assert [one.levelno for one in caplog.records] == [logging.ERROR] * 3
    assert "the task 'shaky' (test_tasks.py:" in messages[0]
    assert "again in 0.001 s" in messages[0]
    assert "again in 0.002 s" in messages[1]
    assert "again" not in messages[2]
    assert caplog.records[0].exc_info is not None


def test_always_starts_again_what_has_returned() -> None:
    async def main() -> None:
        app = App()
        runs: list[int] = []
        enough = asyncio.Event()

        async def short() -> None:
            runs.append(1)
            if len(runs) == 3:
                enough.set()

        async with AsyncClient(app):
            app.tasks.start(short, restart="always")
            await asyncio.wait_for(enough.wait(), 20)

    asyncio.run(main())


def test_what_runs_every_so_often_does_not_drift_and_goes_on_after_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = App()
    times: list[float] = []
    each = 0.04

    async def main() -> None:
        enough = asyncio.Event()

        @app.every(each, at_once=True)
        async def tick() -> None:
            times.append(asyncio.get_running_loop().time())
            await asyncio.sleep(each * 0.6)
            if len(times) == 2:
                raise ValueError("tick")
            if len(times) == 12:
                enough.set()

        async with AsyncClient(app):
            await asyncio.wait_for(enough.wait(), 60)

    asyncio.run(main())
    # How far each is from the grid that the first begins. Were it reckoned from the end of a run, they would be all over it.
    late = sorted(((one - times[0]) % each) / each for one in times)
    assert late[len(late) // 2] < 0.3
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == ["the task 'tick'"]


def test_a_run_that_is_late_is_not_made_up_for() -> None:
    app = App()
    times: list[float] = []

    async def main() -> None:
        enough = asyncio.Event()

        @app.every(0.05, at_once=True)
        async def tick() -> None:
            times.append(asyncio.get_running_loop().time())
            if len(times) == 1:
                await asyncio.sleep(0.22)
            if len(times) == 3:
                enough.set()

        async with AsyncClient(app):
            await asyncio.wait_for(enough.wait(), 20)

    asyncio.run(main())
    # The first run ends after four more were due: the second is the fifth of the grid, the third the sixth or later.
    assert times[2] - times[0] > 0.28


def test_a_def_runs_in_a_thread() -> None:
    app = App()
    threads: list[int] = []

    @app.task()
    def work() -> None:
        threads.append(threading.get_ident())

    async def main() -> int:
        async with AsyncClient(app):
            await app.tasks["work"].wait()
            return threading.get_ident()

    assert asyncio.run(main()) not in threads
    assert len(threads) == 1


def test_one_that_does_not_end_is_told_of(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.core.life.tasks._PATIENCE", 0.01)

    async def main() -> None:
        app = App()
        release = asyncio.Event()

        async def stubborn() -> None:
            while not release.is_set():
                try:
                    await release.wait()
                except asyncio.CancelledError:
                    continue

        async with AsyncClient(app):
            app.tasks.start(stubborn, name="stubborn")
            await asyncio.sleep(0)
        assert "the task 'stubborn'" in caplog.text
        release.set()
        await asyncio.sleep(0)

    asyncio.run(main())


def test_two_of_one_name_are_told_with_both_lines() -> None:
    app, blog = App("app"), App("blog")
    app.include(blog, at="/blog")
    app.task(name="refresh")(for_ever)
    blog.every(5, name="refresh")(for_ever)
    with pytest.raises(
        FreezeError, match=r"'refresh': that at test_tasks\.py:\d+ and that at test_tasks\.py:\d+"
    ):
        app.freeze()


def test_nonsense_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="above 0"):
        App().every(0)

    async def main() -> None:
        app = App()
        with pytest.raises(TypeError, match="runs once"):
            app.tasks.start(for_ever(), restart="always")
        with pytest.raises(TypeError, match="async function"):
            app.tasks.start(7)  # type: ignore[arg-type]

    asyncio.run(main())


ALONE = """
import asyncio, os, sys
from segue import App
from segue.testing import AsyncClient

app = App()

@app.task(name=sys.argv[1], once=True)
async def only() -> None:
    print(os.getpid(), flush=True)
    await asyncio.Event().wait()

async def main():
    async with AsyncClient(app):
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file locks of POSIX")
def test_once_runs_in_one_process_and_another_takes_over(tmp_path: Path) -> None:
    program, output = tmp_path / "alone.py", tmp_path / "output"
    program.write_text(ALONE, encoding="utf-8")

    def start() -> subprocess.Popen[bytes]:
        with output.open("ab") as file:
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            return subprocess.Popen([sys.executable, str(program), "only"], stdout=file, env=environment)

    def told(count: int) -> list[int]:
        end = time.monotonic() + 30
        while len(found := output.read_bytes().split()) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [int(one) for one in found]

    processes = [start(), start()]
    try:
        [first] = told(1)
        time.sleep(0.3)
        assert told(1) == [first]
        os.kill(first, signal.SIGKILL)
        [_, second] = told(2)
        assert {first, second} == {process.pid for process in processes}
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.row("TO19")
def test_a_server_of_another_protocol_is_a_task_and_periodic_work_keeps_its_times() -> None:
    app = App()
    times: list[float] = []
    each = 0.05

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            writer.write(line)
            await writer.drain()
        writer.close()

    ports: asyncio.Queue[int] = asyncio.Queue()

    @app.task()
    async def serve_lines() -> None:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            ports.put_nowait(server.sockets[0].getsockname()[1])
            await server.serve_forever()

    enough = asyncio.Event()

    @app.every(each, at_once=True)
    async def tick() -> None:
        times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(each * 0.5)
        if len(times) == 9:
            enough.set()

    async def main() -> None:
        async with AsyncClient(app):
            port = await asyncio.wait_for(ports.get(), 20)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for line in (b"one\n", b"two\n"):
                writer.write(line)
                assert await reader.readline() == line
            writer.close()
            await writer.wait_closed()
            await asyncio.wait_for(enough.wait(), 60)
        with pytest.raises(OSError, match=r"[Cc]onnect"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(main())
    late = sorted(((one - times[0]) % each) / each for one in times)
    assert late[len(late) // 2] < 0.3


def test_parameters_are_provided_for_each_run() -> None:
    app = App()
    seen: list[object] = []

    @app.provide(life="request")
    async def store() -> AsyncIterator[Store]:
        yield Store()
        seen.append("closed")

    async def main() -> None:
        enough = asyncio.Event()

        @app.every(0.01, at_once=True)
        async def tick(store: Store, app: App) -> None:
            seen.append(store)
            if len(seen) > 3:
                enough.set()

        async with AsyncClient(app):
            await asyncio.wait_for(enough.wait(), 20)

    asyncio.run(main())
    assert isinstance(seen[0], Store)
    assert seen[1] == "closed"
    assert seen[2] is not seen[0]

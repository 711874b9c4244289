"""Sync handlers: in a bounded pool of threads, with the context of the request, and a way back to the loop."""

import asyncio
import contextvars
import http.client
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import segue
from segue import App, Request, Threads
from segue.http.errors import ServiceUnavailable
from segue.testing import Client, LiveServer

who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


@pytest.mark.row("FAULT-10")
def test_when_all_threads_are_busy_some_are_told_so_and_async_handlers_do_not_notice() -> None:
    app = App(threads=Threads(40, queue=30, patience=20))
    go_on, running = threading.Event(), threading.Semaphore(0)

    @app.get("/slow")
    def slow() -> str:
        running.release()
        go_on.wait(20)
        return "slow"

    @app.get("/quick")
    async def quick() -> str:
        return "quick"

    with LiveServer(app) as server, ThreadPoolExecutor(100) as pool:

        def ask(path: str) -> tuple[int, str | None, bytes]:
            connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.getheader("retry-after"), response.read()
            finally:
                connection.close()

        answers = [pool.submit(ask, "/slow") for _ in range(100)]
        for _ in range(40):
            assert running.acquire(timeout=20)
        # 40 run, 30 wait, and 30 are answered at once, while nothing has ended yet.
        while sum(answer.done() for answer in answers) < 30:
            time.sleep(0.005)
        slowest = 0.0
        for _ in range(20):
            start = time.perf_counter()
            assert ask("/quick")[0] == 200
            slowest = max(slowest, time.perf_counter() - start)
        assert slowest < 2
        assert sum(answer.done() for answer in answers) == 30
        go_on.set()
        results = [answer.result() for answer in answers]
    statuses = [status for status, _, _ in results]
    assert (statuses.count(200), statuses.count(503)) == (70, 30)
    assert all(retry == "1" for status, retry, _ in results if status == 503)


def test_who_waits_too_long_for_a_thread_is_told_so() -> None:
    async def main() -> None:
        threads = Threads(1, patience=0.05)
        release = threading.Event()
        busy = asyncio.create_task(threads.run(release.wait, 10))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(threads.run(int)) for _ in range(3)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results] == [ServiceUnavailable] * 3
        release.set()
        assert await busy is True
        assert await threads.run(int) == 0
        threads.close()

    asyncio.run(main())


def test_a_cancelled_request_leaves_its_thread_and_its_place_when_the_thread_is_done() -> None:
    async def main() -> None:
        threads = Threads(1, patience=5)
        release = threading.Event()
        first = asyncio.create_task(threads.run(release.wait, 10))
        await asyncio.sleep(0.01)
        first.cancel()
        second = asyncio.create_task(threads.run(int, "7"))
        third = asyncio.create_task(threads.run(int, "8"))
        await asyncio.sleep(0.01)
        third.cancel()
        assert not second.done()
        release.set()
        assert await second == 7
        assert await threads.run(int, "9") == 9
        threads.close()

    asyncio.run(main())


def test_one_pool_serves_the_loops_of_several_threads_and_one_after_the_other() -> None:
    threads = Threads(2)

    async def work() -> list[int]:
        return await asyncio.gather(*[threads.run(int, str(n)) for n in range(20)])

    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(asyncio.run, work()) for _ in range(8)]
        assert all(result.result() == list(range(20)) for result in results)
    threads.close()
    assert asyncio.run(work()) == list(range(20))
    threads.close()


def test_def_runs_in_a_thread_and_inline_on_the_loop() -> None:
    app = App()

    @app.get("/thread")
    def in_thread() -> list[Any]:
        return [threading.current_thread().name.startswith("segue_"), who.get()]

    @app.get("/inline", inline=True)
    def inline() -> bool:
        asyncio.get_running_loop()
        return [True]  # type: ignore[return-value]

    @app.middleware
    async def name(request: Request, next: Any) -> Any:
        who.set("django")
        response = await next(request)
        response.headers["x-who"] = who.get()
        return response

    @app.get("/set")
    def set_in_thread() -> None:
        who.set("stéphane")

    with Client(app) as client:
        assert client.get("/thread").json() == [True, "django"]
        assert client.get("/inline").json() == [True]
        assert client.get("/set").headers["x-who"] == "stéphane"


def test_wait_lets_sync_handlers_use_the_loop() -> None:
    app = App()

    async def answer(loop: asyncio.AbstractEventLoop) -> int:
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)
        return 42

    @app.get("/")
    def handler(request: Request) -> dict[str, int]:
        return {"answer": segue.wait(answer(request.app.loop))}

    @app.get("/error")
    def error() -> None:
        async def fail() -> None:
            raise segue.NotFound("awaited")

        segue.wait(fail())

    @app.get("/loop", inline=True)
    def on_the_loop() -> None:
        segue.wait(answer(asyncio.get_running_loop()))

    @app.lifespan
    async def remember() -> Any:
        app.loop = asyncio.get_running_loop()  # type: ignore[attr-defined]
        yield

    with Client(app) as client:
        assert client.get("/").json() == {"answer": 42}
        assert client.get("/error").status == 404
        with pytest.raises(RuntimeError, match="called on the event loop, which would then wait for itself"):
            client.get("/loop")


def test_wait_in_a_script_keeps_one_loop() -> None:
    program = """
import asyncio, segue
async def loop(): return asyncio.get_running_loop()
async def fail(): raise KeyError("x")
first = segue.wait(loop())
assert segue.wait(loop()) is first
async def future():
    future = asyncio.get_running_loop().create_future()
    future.set_result(5)
    return await future
assert segue.wait(future()) == 5
try:
    segue.wait(fail())
except KeyError:
    print("raised")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("raised\n", "")


def test_a_sync_handler_may_not_end_an_iteration_by_accident() -> None:
    app = App()

    @app.get("/")
    def handler() -> str:
        return next(iter([]))

    with Client(app, raise_server_exceptions=False) as client:
        assert client.get("/").status == 500


def test_callers_see_what_a_handler_raised() -> None:
    async def main() -> None:
        threads = Threads()
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 / 0)
        threads.close()

    asyncio.run(main())

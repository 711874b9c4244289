"""Workers die, are replaced, reloaded, added and recycled: real processes, real signals, under load."""

from __future__ import annotations

import http.client
import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from process_rig import Load, Segue, alive, audience, children, segue, serve, until

PROGRAM = """
import asyncio, os
from segue import App

app = App()


@app.get("/")
async def pid() -> str:
    return str(os.getpid())


@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.05)
    return str(os.getpid())


@app.get("/grow")
async def grow() -> str:
    kept.append(b"x" * 80_000_000)
    return "grown"


kept = []
"""


LIVE = """

from segue import EventStream, WebSocket


@app.websocket("/socket")
async def chat(socket: WebSocket) -> None:
    async for message in socket:
        await socket.send(message)


@app.get("/events")
async def events() -> EventStream[str]:
    yield "hello"
    await asyncio.sleep(1000)
"""

CLOSURE = """
from segue import App


def main():
    app = App()
    secret = "only in this closure"

    @app.get("/")
    async def home() -> str:
        return secret

    app.run(port=0, workers=2)
    print("after app.run()")


main()
"""

STARTED_BY = """
import functools
import multiprocessing
import os
import sys

from segue import App, Request


def loud(handler):
    @functools.wraps(handler)
    async def call(*args, **named):
        return (await handler(*args, **named)).upper()

    return call


def square(number: int, answers) -> None:
    answers.put((number * number, os.getpid()))


def main() -> None:
    multiprocessing.set_start_method(sys.argv[1])
    app = App()
    secret = "only in this closure"
    app.lambda_of_it = lambda: secret

    @app.get("/")
    @loud
    async def home(request: Request) -> str:
        return request.app.lambda_of_it()

    @app.get("/pid")
    async def pid() -> str:
        return str(os.getpid())

    @app.get("/square/{number:int}")
    def child(number: int) -> str:
        answers = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=square, args=(number, answers))
        process.start()
        process.join()
        result, pid = answers.get()
        return f"{result} {pid != os.getpid()} {multiprocessing.get_start_method()}"

    app.run(port=0, workers=4)


if __name__ == "__main__":
    main()
"""

NEVER_READY = """
import time
from segue import App
time.sleep(60)
app = App()
"""


def answered(load: Load, count: int) -> bool:
    return load.outcomes["200"] >= count


def gone(server: Segue, worker: int) -> bool:
    return worker not in server.workers


def replaced(server: Segue, old: set[int], count: int) -> bool:
    now = set(server.workers)
    return len(now) == count and not now & old


@pytest.mark.row("FAULT-1")
def test_a_worker_that_is_killed_under_load_costs_only_its_own_requests(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        before = server.workers
        assert len(before) == 2
        with Load(server.port, "/slow", clients=8, pause=0.02) as load:
            until(lambda: load.outcomes["200"] > 50, "load")
            os.kill(before[0], signal.SIGKILL)
            killed = time.monotonic()
            until(lambda: len(server.workers) == 2 and before[0] not in server.workers, "a new worker")
            newcomer = next(pid for pid in server.workers if pid not in before)
            until(lambda: load.pids[str(newcomer)] > 0, "an answer of the new worker")
            recovery = time.monotonic() - killed
        # Eight clients: at most eight requests were in flight, on the worker or in what it had just accepted.
        assert sum(load.failed.values()) <= 8, load.failed
        assert recovery < 5
        assert server.process.poll() is None
        assert before[1] in server.workers
        assert "killed by SIGKILL" in server.output


@pytest.mark.row("FAULT-3")
def test_a_reload_under_load_fails_no_request(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        fresh = Load(server.port, "/slow", clients=6, pause=0.02)
        kept = Load(server.port, "/slow", clients=6, pause=0.02, keep=True)
        with fresh, kept:
            for _ in range(2):
                before = set(server.workers)
                count = fresh.outcomes["200"]
                server.signal(signal.SIGHUP)
                until(partial(replaced, server, before, 2), "new workers only")
                until(partial(answered, fresh, count + 30), "load on the new workers")
        assert fresh.failed == {}
        assert kept.failed == {}
        assert fresh.outcomes["200"] >= 60
        assert kept.outcomes["200"] >= 60
        assert server.process.poll() is None
        assert "error" not in server.output.lower()


def test_new_code_serves_after_a_reload_and_broken_code_does_not(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        old = set(server.workers)
        (tmp_path / "served.py").write_text("raise ValueError('half an edit')", encoding="utf-8")
        server.signal(signal.SIGHUP)
        server.says("the old ones go on")
        assert "half an edit" in server.output
        assert server.get()[0] == 200
        until(lambda: set(server.workers) == old, "the old workers alone")
        (tmp_path / "served.py").write_text(
            PROGRAM.replace("str(os.getpid())", "'new code'"), encoding="utf-8"
        )
        server.signal(signal.SIGHUP)
        until(lambda: replaced(server, old, 2), "new workers only")
        assert server.get() == (200, "new code")


def test_rolling_restarts_with_open_streams_and_sockets_fail_no_request(tmp_path: Path) -> None:
    live = PROGRAM + LIVE
    with serve(live, tmp_path, "--workers", "2", "--grace", "10") as server:
        with Load(server.port, "/slow", clients=20, pause=0.01) as load:
            for _ in range(5):
                before = set(server.workers)
                with audience(server.port):
                    server.signal(signal.SIGHUP)
                    until(partial(replaced, server, before, 2), "new workers only")
        assert load.failed == {}
        assert load.outcomes["200"] > 100
        assert "Traceback" not in server.output


@pytest.mark.row("FAULT-2")
@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("import os\nos._exit(7)", "exit code 7"),
    ],
    ids=["import error", "killed for its memory", "abort"],
)
def test_workers_that_never_start_end_the_server_with_the_reason(
    tmp_path: Path, program: str, reason: str
) -> None:
    (tmp_path / "served.py").write_text(program, encoding="utf-8")
    began = time.monotonic()
    with segue("serve", "served:app", "--port", "0", "--workers", "2", cwd=tmp_path) as server:
        assert server.wait() == 1
    assert reason in server.output
    assert "The application does not start" in server.output or "end before they are ready" in server.output
    assert time.monotonic() - began < 15
    # No storm of processes: those that only crash are tried again, a few times, with pauses.
    assert server.output.count("A new worker starts") <= 6


def test_workers_that_crash_again_and_again_are_started_ever_more_slowly(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        for _ in range(4):
            until(lambda: len(server.workers) == 2, "two workers")
            victim = min(server.workers)
            os.kill(victim, signal.SIGKILL)
            until(partial(gone, server, victim), "a death")
        server.says("A new worker starts in")
        until(lambda: len(server.workers) == 2, "two workers")
        assert server.get()[0] == 200


def test_a_worker_that_is_never_ready_ends_the_server(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(NEVER_READY, encoding="utf-8")
    began = time.monotonic()
    arguments = ("--port", "0", "--workers", "2", "--start-timeout", "1")
    with segue("serve", "served:app", *arguments, cwd=tmp_path) as server:
        assert server.wait() == 1
    assert time.monotonic() - began < 10
    assert "not ready within 1 seconds" in server.output
    assert "served.py:4" in server.output


@pytest.mark.row("SA11")
def test_workers_are_managed_restarted_under_load_replaced_and_given_up(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        first = set(server.workers)
        with Load(server.port, "/slow") as load:
            until(lambda: load.outcomes["200"] > 30, "load")
            server.signal(signal.SIGHUP)
            until(lambda: replaced(server, first, 2), "new workers only")
        assert load.failed == {}
        victim = server.workers[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(server.workers) == 2 and victim not in server.workers, "a new worker")
        assert server.get()[0] == 200
    (tmp_path / "served.py").write_text(NEVER_READY, encoding="utf-8")
    arguments = ("--port", "0", "--workers", "2", "--start-timeout", "1")
    with segue("serve", "served:app", *arguments, cwd=tmp_path) as server:
        assert server.wait() == 1


def test_a_worker_is_replaced_after_so_many_requests_without_a_gap(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--max-requests", "30") as server:
        first = set(server.workers)
        with Load(server.port, "/", clients=2, pause=0.01) as load:
            until(lambda: len(load.pids) >= 2 and not set(server.workers) & first, "another worker")
        assert load.failed == {}
        assert "replaced after" in server.output


def test_a_worker_is_replaced_when_it_is_old(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--max-age", "1") as server:
        first = set(server.workers)
        until(lambda: replaced(server, first, 1), "another worker")
        assert "replaced after its age" in server.output


def test_a_worker_is_replaced_when_it_has_grown(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--max-memory", "100M") as server:
        first = set(server.workers)
        server.get("/grow")
        until(lambda: replaced(server, first, 1), "another worker")
        assert "MB of memory" in server.output


def test_workers_are_added_and_taken_away_by_signals(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        server.signal(signal.SIGTTIN)
        until(lambda: len(server.workers) == 3, "three workers")
        server.signal(signal.SIGTTOU)
        until(lambda: len(server.workers) == 2, "two workers")
        assert server.get()[0] == 200


def test_a_worker_whose_loop_hangs_is_replaced(tmp_path: Path) -> None:
    hang = PROGRAM + (
        "\nimport time\n@app.get('/hang')\nasync def hang() -> str:\n    time.sleep(60)\n    return 'never'\n"
    )
    arguments = ("--workers", "2", "--worker-timeout", "2")
    with serve(hang, tmp_path, *arguments) as server:
        before = set(server.workers)
        with pytest.raises((OSError, http.client.HTTPException)):
            server.get("/hang")
        until(lambda: len(set(server.workers) - before) == 1, "a new worker")
        assert "no sign of life" in server.output


def test_no_worker_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2", "--grace", "2") as server:
        workers = server.workers
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in workers), "the workers' end")


def test_a_server_that_ends_leaves_no_process_and_exits_with_zero(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--workers", "2") as server:
        workers = server.workers
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert not any(alive(pid) for pid in workers)
        assert children(server.pid) == []


def test_an_app_object_with_closures_is_served_by_several_workers(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(CLOSURE, encoding="utf-8")
    with segue("program.py", cwd=tmp_path, module=False) as server:
        server.ready()
        assert len(server.workers) == 2
        assert server.get() == (200, "only in this closure")
        first = set(server.workers)
        server.signal(signal.SIGHUP)
        until(lambda: replaced(server, first, 2), "new workers only")
        assert server.get() == (200, "only in this closure")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert "after app.run()" in server.output


@pytest.mark.row("U19")
@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_closures_and_decorators_in_four_workers_however_python_starts_processes(
    tmp_path: Path, method: str
) -> None:
    """Nothing of an app is pickled; and its workers start processes of their own in the way that was chosen."""
    (tmp_path / "program.py").write_text(STARTED_BY, encoding="utf-8")
    with segue("program.py", method, cwd=tmp_path, module=False) as server:
        server.ready()
        assert len(server.workers) == 4
        answered: set[int] = set()

        def all_have_answered() -> bool:
            assert server.get() == (200, "ONLY IN THIS CLOSURE")
            answered.add(int(server.get("/pid")[1]))
            return answered == set(server.workers)

        until(all_have_answered, "an answer of each worker")
        assert server.get("/square/7") == (200, f"49 True {method}")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


def test_serving_a_program_that_runs_itself_starts_no_server_in_a_server(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(CLOSURE, encoding="utf-8")
    with segue("serve", "program.py", "--port", "0", cwd=tmp_path) as server:
        server.ready()
        assert server.get() == (200, "only in this closure")
        assert server.workers == []

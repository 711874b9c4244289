"""Workers that are programs of their own: a reload has all code anew, and says how it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from process_rig import Load, Segue, alive, get, serve, until

APP = """
import os, threading
from segue import App
app = App("fresh")

@app.get("/")
async def index() -> str:
    return os.environ.get("MARK", "") + " VERSION"

@app.get("/worker")
async def worker() -> dict[str, str]:
    return {"handed over": os.environ.get("SEGUE_WORKER", "nothing")}

threading.Thread(target=threading.Event().wait).start()  # a thread that never ends must not hold up a worker
"""


def mark(folder: Path, text: str) -> dict[str, str]:
    """What every Python does when it starts: only a program that begins anew does it anew."""
    (folder / "sitecustomize.py").write_text(f"import os; os.environ['MARK'] = {text!r}")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *sys.path]), "PYTHONDONTWRITEBYTECODE": "1"}


def reloaded(pid_file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "segue", "reload", "--wait", "--pid-file", str(pid_file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )


def test_a_reload_begins_anew_and_no_request_fails(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    given = ("--workers", "2", "--fresh-workers", "--pid-file", str(pid_file), "--grace", "5")
    with serve(APP.replace("VERSION", "one"), tmp_path, *given, env=mark(tmp_path, "old")) as server:
        assert get(server.port) == (200, "old one")
        assert "nothing" in get(server.port, "/worker")[1]
        before = server.workers
        with Load(server.port, "/", keep=True) as load:
            (tmp_path / "served.py").write_text(APP.replace("VERSION", "two"))
            mark(tmp_path, "new")
            done = reloaded(pid_file)
            assert done.returncode == 0, done.stderr
            until(lambda: not set(server.workers) & set(before), "the end of the old workers")
        assert load.failed == {}
        assert load.pids.keys() == {"old one", "new two"}
        assert get(server.port) == (200, "new two")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
    assert not pid_file.exists()
    assert not pid_file.with_name("pid.json").exists()


def test_new_workers_that_do_not_start_are_told_and_the_old_ones_go_on(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    pid_file.with_name("pid.json").write_text('{"served": 70, "failed": 7}')  # of a server that was killed
    given = ("--workers", "2", "--fresh-workers", "--pid-file", str(pid_file))
    with serve(APP.replace("VERSION", "one"), tmp_path, *given, env=mark(tmp_path, "old")) as server:
        until(lambda: pid_file.with_name("pid.json").exists(), "what the server tells")
        with Load(server.port, "/") as load:
            (tmp_path / "served.py").write_text("1 / 0")
            done = reloaded(pid_file)
            assert done.returncode == 1
            assert "ZeroDivisionError" in done.stderr
            mark(tmp_path, "new")
            (tmp_path / "sitecustomize.py").write_text("import os; os._exit(9)")  # not even Python starts
            done = reloaded(pid_file)
            assert done.returncode == 1
            assert "exit code 9" in done.stderr
        assert load.failed == {}
        assert get(server.port) == (200, "old one")


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with serve(APP, tmp_path, "--fresh-workers") as server:
        [first] = server.workers
        os.kill(first, signal.SIGKILL)
        until(lambda: server.workers and first not in server.workers, "another worker")
        until(lambda: _answers(server), "an answer")


def test_the_workers_of_a_killed_server_end(tmp_path: Path) -> None:
    with serve(APP, tmp_path, "--fresh-workers", "--workers", "2", "--grace", "2") as server:
        workers = server.workers
        server.signal(signal.SIGKILL)
        until(lambda: not any(alive(one) for one in workers), "the workers' end")


def _answers(server: Segue) -> bool:
    try:
        return get(server.port)[0] == 200
    except OSError:
        return False

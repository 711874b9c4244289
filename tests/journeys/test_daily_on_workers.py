"""What runs each day, on four workers: one of them does it, and who takes over knows that it is done."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from process_rig import serve, until

PROGRAM = """
import os
from datetime import datetime, timezone
from pathlib import Path
from segue import App

app = App()

@app.daily(os.environ["DUE"], once=True)
async def nightly() -> None:
    with open("ran", "a") as file:
        file.write(f"{os.getpid()}\\n")

@app.get("/")
async def index() -> str:
    return str(os.getpid())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="workers")
def test_four_workers_run_it_once_and_those_after_them_know(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ran = tmp_path / "ran"
    due = datetime.now(UTC) + timedelta(seconds=6)
    monkeypatch.setenv("DUE", f"{due:%H:%M:%S}")
    with serve(PROGRAM, tmp_path, "--workers", "4") as server:
        assert server.get("/")
        until(ran.exists, "the run")
        time.sleep(1.5)  # the others look each second
        (first,) = map(int, ran.read_text().split())
        assert first in server.workers
        os.kill(first, signal.SIGKILL)
        until(lambda: first not in server.workers and len(server.workers) == 4, "a new worker")
        time.sleep(2.5)
        assert len(ran.read_text().split()) == 1

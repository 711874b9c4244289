"""What a server that shows errors may be bound to, and to whom it shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from process_rig import segue

PROGRAM = """
from segue import App

app = App(debug=True)


@app.get("/")
async def home() -> str:
    password = "tr0ub4dor"
    number = 41
    raise ValueError("a fault")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shown.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


@pytest.mark.row("SEC-56")
def test_an_app_that_shows_errors_is_not_served_to_other_machines(folder: Path) -> None:
    with segue("serve", "shown.py", "--host", "0.0.0.0", "--port", "0", cwd=folder) as server:
        assert server.wait() != 0
        assert "debug=True, which shows its source" in server.output
        assert "segue run" in server.output


def test_it_is_served_to_this_machine_and_shows_no_values(folder: Path) -> None:
    with segue("serve", "shown.py", "--port", "0", cwd=folder) as server:
        status, body = server.ready().get()
    assert status == 500
    assert "a fault" in body
    assert "41" not in body.partition("traceback")[0]

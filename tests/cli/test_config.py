"""`segue run` with configuration: tools for paths without code, watched, and the settings of production."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from process_rig import segue, until

PROGRAM = """
from segue import App

app = App()


@app.get("/bad")
async def bad() -> str:
    raise ValueError("it broke")
"""


@pytest.mark.row("CP6")
def test_a_file_switches_tools_on_is_watched_and_production_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "x.css").write_text("a{}", encoding="utf-8")
    configuration = tmp_path / "segue.toml"
    configuration.write_text('title = "none"\n', encoding="utf-8")
    with segue("run", "served.py", "--port", "0", cwd=tmp_path) as server:
        assert server.ready().get("/static/x.css")[0] == 404
        assert "it broke" in server.get("/bad")[1]
        configuration.write_text('[path."/static"]\nstatic = "public"\n', encoding="utf-8")
        until(lambda: answered(server, "/static/x.css") == 200, "the folder, without a line of code")
        (tmp_path / ".env").write_text("X=1\n", encoding="utf-8")
        until(lambda: ".env changed" in server.output, "a reload for .env")
    with segue("run", "served.py", "--port", "0", cwd=tmp_path, env={"SEGUE_ENV": "production"}) as server:
        status, text = server.ready().get("/bad")[:2]
        assert (status, "it broke" in text) == (500, False)
        before = server.output
        (tmp_path / "served.py").write_text(PROGRAM + "\n", encoding="utf-8")
        time.sleep(1.0)
        assert "changed" not in server.output.removeprefix(before)
        assert server.get("/static/x.css")[0] == 200


def answered(server: object, path: str) -> int:
    try:
        status: int = server.get(path)[0]  # type: ignore[attr-defined]
    except OSError:
        return 0
    return status

"""``segue assets build``, as a process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

APP = """
from segue import App, Assets
app = App(plugins=[Assets()])
app.static("/static", {static!r})
"""


def test_it_writes_the_folder_that_the_app_then_links(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (static / "site.css").write_text("a { background: url(none.png) }" * 40)
    (tmp_path / "films.py").write_text(APP.format(static=str(static)))

    def segue(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "segue", *words], cwd=tmp_path, capture_output=True, text=True
        )

    done = segue("assets", "build", "films:app")
    assert done.returncode == 0, done.stderr
    assert "1 files in build/assets" in done.stdout
    assert "static/site.css refers to none.png, which is not there" in done.stderr
    manifest = json.loads((tmp_path / "build" / "assets" / "manifest.json").read_text())["files"]
    shown = segue("exec", "films:app", "--help")
    assert shown.returncode == 0, shown.stderr
    asked = subprocess.run(
        [sys.executable, "-c", "import films; print(films.app.static_url('site.css'))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert asked.stdout.strip() == f"/assets/{manifest['/static/site.css']}", asked.stderr
    assert segue("assets", "build", "films:app", "--strict").returncode == 1
    assert segue("assets", "build", "nothing:app").returncode != 0

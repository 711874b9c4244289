"""What a document says and what the server does, compared by schemathesis, which sends what is valid and what is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from segue import App
from segue.openapi import OpenAPI
from segue.testing import LiveServer

sys.path.insert(0, str(Path(__file__).parent))
import wide

pytestmark = [pytest.mark.requires("schemathesis"), pytest.mark.timeout(300)]

# A query argument, a form field or a header that nobody asked for is not an error in HTTP.
CONFIG = """
[generation]
allow-extra-parameters = false
"""


def compare(app: App, folder: Path, *more: str) -> None:
    (folder / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    with LiveServer(app) as server:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                "--config-file=schemathesis.toml",
                "run",
                f"{server.url}/openapi.json",
                "--generation-deterministic",
                "--max-examples=15",
                "--suppress-health-check=all",  # they measure this machine
                "--no-color",
                *more,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "generated" in done.stdout


def test_the_films_do_what_is_said_of_them(films: ModuleType, tmp_path: Path) -> None:
    app = App(plugins=[OpenAPI("Films", "1")])
    app.include(films.app)
    compare(app, tmp_path, "--exclude-path=/feed")  # it never ends


@pytest.mark.row("FX3")
def test_every_kind_of_parameter_body_and_result_does_what_is_said_of_it(tmp_path: Path) -> None:
    compare(wide.app, tmp_path)


def test_a_server_that_does_something_else_is_found(tmp_path: Path) -> None:
    app = App(plugins=[OpenAPI("Wrong", "1")])

    @app.get("/number")
    async def number() -> dict[str, int]:
        return {"number": "many"}  # type: ignore[dict-item]

    with pytest.raises(AssertionError, match="violates schema"):
        compare(app, tmp_path)

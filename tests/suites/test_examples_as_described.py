"""Every example that has a description of its API does what that says: schemathesis sends what is valid and what is not, the same each time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from examples_loaded import EXAMPLES
from journey_process import Serving

pytestmark = [pytest.mark.requires("schemathesis"), pytest.mark.timeout(300)]

# A query argument, a form field or a header that nobody asked for is not an error in HTTP.
CONFIG = """
[generation]
allow-extra-parameters = false
# No text of a database has it, and JSON Schema has no simple way to say so: it is a 422.
allow-x00 = false
"""


# The one example without a description has one here.
FILMS = f"""
import sys

sys.path.insert(0, {str(EXAMPLES)!r})
from films import app as films

from segue import App
from segue.openapi import OpenAPI

app = App("films described", plugins=[OpenAPI("Films", "1")])
app.include(films)
"""


# What never ends, and what asks who it is, is left out.
DESCRIBED = {
    "films": ["--exclude-path=/feed"],
    "todos": [],
    "reviews": ["--exclude-path-regex=feed|events|live"],
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_example_does_what_is_said_of_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/example.db")
    monkeypatch.setenv("SECURITY_KEY", "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop")
    served = EXAMPLES / f"{name}.py"
    if name == "films":
        served = tmp_path / "described.py"
        served.write_text(FILMS, encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(CONFIG, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file=schemathesis.toml", "run"]
    # In a process of its own: its models are not those of other tests.
    with Serving(str(served)) as server:
        command += [
            f"http://127.0.0.1:{server.port}/openapi.json",
            "--generation-deterministic",
            "--seed=7",
            "--max-examples=10",
            "--suppress-health-check=all",
            "--no-color",
            *DESCRIBED[name],
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "generated" in done.stdout

"""`segue check --attack`: it finds what is planted, and nothing where nothing is."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from segue import App, Header, Unauthorized
from segue.cli import main
from segue.mail import Mail, Mailer, Message
from segue.testing.attacks import attack

HERE = Path(__file__).parent
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
_HOLE = re.compile(r"# HOLE ([\w-]+)")


@pytest.fixture
def load() -> Any:
    loaded: list[str] = []

    def from_file(path: Path, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        spec.loader.exec_module(module)
        return module

    yield from_file
    for name in loaded:
        sys.modules.pop(name, None)


def planted() -> set[tuple[int, str]]:
    lines = (HERE / "holes.py").read_text().splitlines()
    return {(number, found[1]) for number, line in enumerate(lines, 1) if (found := _HOLE.search(line))}


def test_each_hole_is_found_at_its_line_and_nothing_else(load: Any) -> None:
    app = load(HERE / "holes.py", "segue_test_holes").app
    found = asyncio.run(attack(app))
    lines = (HERE / "holes.py").read_text().splitlines()
    handlers = dict(enumerate(lines, 1))

    def hole(line: int) -> int:
        """Handlers are named by the line of their decorator or of their name; the mark stands at the `def`."""
        return next((at for at in range(line, line + 3) if "# HOLE" in handlers.get(at, "")), line)

    told = {(hole(one.line), one.code) for one in found if "ignore[" not in handlers.get(one.line, "")}
    assert told == planted()
    assert all(one.file == str(HERE / "holes.py") for one in found)
    assert all(re.search(r"holes\.\w+ \(|holes\.\w+:", one.message) for one in found), found


def test_the_command_tells_them_and_comments_silence_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    monkeypatch.syspath_prepend(str(HERE))
    done = CliRunner().invoke(main, ["check", "holes:app", "--attack", "--json"])
    sys.modules.pop("holes", None)
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)
    codes = {one["code"] for one in found}
    assert {code for _, code in planted()} <= codes
    silenced = next(
        n for n, line in enumerate((HERE / "holes.py").read_text().splitlines(), 1) if "ignore[open" in line
    )
    assert not any(one["code"] == "open-redirect" and abs(one["line"] - silenced) <= 1 for one in found)


@pytest.mark.parametrize("name", ["films", "reviews"])
def test_the_examples_raise_no_alarm(name: str, tmp_path: Path) -> None:
    """In a process of its own, which knows no models but those of the example."""
    environment = {
        **os.environ,
        "SECURITY_KEY": "an-attacked-and-secret-key-0123456789-abcdefghijklmnop",
        "DATABASE_URL": f"sqlite:///{tmp_path}/attack.db",
        "PYTHONPATH": os.pathsep.join([*sys.path, str(EXAMPLES)]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "segue", "check", str(EXAMPLES / f"{name}.py"), "--attack"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_who_is_signed_in_gets_further() -> None:
    app = App("inside")

    async def guard(authorization: Header[str] = "") -> None:
        if authorization != "Bearer t":
            raise Unauthorized

    @app.get("/pages/{number}", requires=[guard])
    async def page(number: str) -> str:
        return str(int(number))

    assert asyncio.run(attack(app)) == []
    (found,) = asyncio.run(attack(app, headers={"authorization": "Bearer t"}))
    assert found.code == "crash"


def test_no_mail_leaves_meanwhile(tmp_path: Path) -> None:
    app = App("mailing", plugins=[Mail(f"file://{tmp_path}/out", sender="films@example.com")])

    @app.post("/write")
    async def write(mailer: Mailer) -> None:
        await mailer.send(Message("ada@example.com", "Hello", text="Hello"))

    assert asyncio.run(attack(app)) == []
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("header", ["nonsense", ""])
def test_a_header_that_is_none_is_told(header: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "attacked_app.py").write_text("from segue import App\napp = App()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    done = CliRunner().invoke(main, ["check", "attacked_app:app", "--attack", "--header", header])
    assert done.exit_code == 2
    assert "NAME:VALUE" in done.output

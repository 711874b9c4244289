"""A start that fails ends the process, with the reason, in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from process_rig import segue

RAISES = """
from contextlib import asynccontextmanager
from segue import App

app = App()


@app.lifespan
@asynccontextmanager
async def life(app: App):
    raise ConnectionError("the database is not there")
    yield
"""
HANGS = RAISES.replace(
    'raise ConnectionError("the database is not there")', "import asyncio; await asyncio.sleep(60)"
)
BLOCKS = RAISES.replace('raise ConnectionError("the database is not there")', "import time; time.sleep(60)")
MODULE_HANGS = "import time\nfrom segue import App\napp = App()\ntime.sleep(60)\n"


@pytest.mark.row("FAULT-27")
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (RAISES, "the database is not there"),
        (HANGS, "did not start within 1 seconds"),
        (BLOCKS, "not ready within 1 seconds. It is at served.py:11"),
        (MODULE_HANGS, "not ready within 1 seconds. It is at served.py:4"),
        ("raise ValueError('no settings')", "no settings"),
        ("import sys\nsys.exit(0)", "ended the program"),
    ],
    ids=["raises", "hangs", "blocks", "module hangs", "module raises", "module exits"],
)
def test_a_start_that_fails_says_why_and_ends_in_time(
    tmp_path: Path, program: str, reason: str, workers: str
) -> None:
    (tmp_path / "served.py").write_text(program, encoding="utf-8")
    began = time.monotonic()
    arguments = ("--port", "0", "--start-timeout", "1", "--workers", workers)
    with segue("serve", "served:app", *arguments, cwd=tmp_path) as server:
        code = server.wait()
    assert code == 1
    assert reason in server.output
    # The start of Python comes on top, on a machine that may be busy.
    assert time.monotonic() - began < 6
    assert "segue/server" not in server.output


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nowhere:app", "There is no module 'nowhere'"),
        ("served:ap", "served has no 'ap'. It has: served:app."),
        ("served:make", "add --factory"),
        ("served:name", "is no application but 'str'"),
        ("nowhere.py", "There is no file nowhere.py"),
        ("served", "several applications"),
        ("empty.py", "There is no App in it"),
        ("factory.py", "Then: factory.py:make_app --factory"),
        ("9:app", "is no name of a module"),
    ],
)
def test_a_target_that_is_not_there_says_what_is(tmp_path: Path, target: str, told: str) -> None:
    both = "from segue import App\none = App()\nother = App()\nname = 'x'\ndef make():\n    return one\n"
    one = "from segue import App\napp = App()\nname = 'x'\ndef make():\n    return app\n"
    (tmp_path / "served.py").write_text(both if target == "served" else one, encoding="utf-8")
    (tmp_path / "empty.py").write_text("", encoding="utf-8")
    (tmp_path / "factory.py").write_text(
        "from segue import App\ndef make_app():\n    return App()\n", encoding="utf-8"
    )
    with segue("serve", target, "--port", "0", cwd=tmp_path) as server:
        assert server.wait() == 1
    assert told in server.output
    assert "Traceback" not in server.output


@pytest.mark.parametrize(
    ("target", "more"),
    [
        ("served:app", ()),
        ("served", ()),
        ("served.py", ()),
        ("served.py:app", ()),
        ("served:make", ("--factory",)),
        ("served:make()", ()),
        ("package/part.py", ()),
        ("package.part:app", ()),
        ("decorated.py", ()),
    ],
)
def test_an_application_is_found_by_any_of_its_names(
    tmp_path: Path, target: str, more: tuple[str, ...]
) -> None:
    text = "from segue import App\napp = App()\ndef make():\n    return app\n"
    (tmp_path / "served.py").write_text(text, encoding="utf-8")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "package" / "apps.py").write_text("from segue import App\n", encoding="utf-8")
    (tmp_path / "package" / "part.py").write_text("from .apps import App\napp = App()\n", encoding="utf-8")
    (tmp_path / "decorated.py").write_text(
        "from segue import get\n@get('/')\ndef home() -> str:\n    return 'home'\n", encoding="utf-8"
    )
    with segue("serve", target, "--port", "0", *more, cwd=tmp_path) as server:
        server.ready()
        assert server.get("/nothing")[0] == 404

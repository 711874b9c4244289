"""A description that was written to a file, for processes without docstrings; and files that are taken in piece by piece."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segue import App, File, Form
from segue.openapi import OpenAPI
from segue.openapi.plugin import BakedFileError
from segue.testing import Client, LiveServer

PROGRAM = '''
from segue import App
from segue.openapi import OpenAPI

app = App(plugins=[OpenAPI("Films", "1"{baked})])


@app.get("/films/{{id:int}}")
async def film(id: int) -> dict[str, int]:
    """Shows a film.

    With all that is known of it.
    """
    return {{"id": id}}
'''
ASK = """
import json, sys
sys.path.insert(0, {folder!r})
from {name} import app
from segue.testing import Client
with Client(app) as client:
    document = client.get("/openapi.json")
    page, yaml = client.get("/docs").text, client.get("/openapi.yaml").text
    print(json.dumps([document.json(), "Shows a film." in page, "Shows a film." in yaml, client.get("/films/7").json(), sys.flags.optimize]))
"""


def run(*arguments: str, **options: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **options}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.row("BS4")
def test_a_process_without_docstrings_serves_the_whole_description(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(PROGRAM.format(baked=""))
    (tmp_path / "films.py").write_text(PROGRAM.format(baked=', baked="openapi.json"'))
    run("-m", "segue", "openapi", f"{tmp_path}/films.py:app", "--out", f"{tmp_path}/openapi.json")
    run("-m", "segue", "openapi", f"{tmp_path}/films.py:app", "--out", f"{tmp_path}/openapi.json", "--check")

    def served(name: str) -> list[object]:
        found: list[object] = json.loads(run("-OO", "-c", ASK.format(folder=str(tmp_path), name=name)))
        return found

    document, *told = served("films")
    assert told == [True, True, {"id": 7}, 2]
    assert isinstance(document, dict)
    operation = document["paths"]["/films/{id}"]["get"]
    assert (operation["summary"], operation["description"]) == (
        "Shows a film.",
        "With all that is known of it.",
    )
    assert served("bare")[1:] == [False, False, {"id": 7}, 2]


def test_a_file_that_is_not_there_is_told_when_the_app_starts(tmp_path: Path) -> None:
    app = App(plugins=[OpenAPI("Films", "1", baked=tmp_path / "none.json")])
    app.freeze()
    with pytest.raises(BakedFileError, match=r"segue openapi APP --out none\.json"), Client(app):
        pass
    (tmp_path / "none.json").write_text("[]")
    with pytest.raises(BakedFileError, match="is no description"), Client(app):
        pass


@pytest.mark.row("BS4")
def test_files_are_taken_in_piece_by_piece_and_saved_below_a_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "deep").mkdir()
    (folder / "out").symlink_to(tmp_path)
    app = App()

    @app.post("/keep", max_body=None)
    async def keep(file: File, name: Form[str]) -> dict[str, str | int]:
        where = await file.save(name, within=folder)
        kind = type(getattr(file.file, "raw", file.file)).__name__
        return {"path": str(where.relative_to(folder.resolve())), "size": file.size, "kind": kind}

    large = os.urandom(6_000_000)
    with LiveServer(app) as server:
        import httpx2

        with httpx2.Client(base_url=server.url, timeout=60) as client:

            def sent(name: str, data: bytes = b"abc") -> tuple[int, dict[str, object]]:
                answer = client.post("/keep", data={"name": name}, files={"file": ("../a b.bin", data)})
                return answer.status_code, answer.json()

            # A small one stays in memory, a large one is in a file without a name while it is read.
            assert sent("small.bin") == (200, {"path": "small.bin", "size": 3, "kind": "BytesIO"})
            assert sent("large.bin", large) == (
                200,
                {"path": "large.bin", "size": 6_000_000, "kind": "FileIO"},
            )
            assert sent("deep")[1]["path"] == "deep/a_b.bin"
            assert sent(".")[1]["path"] == "a_b.bin"
            for name in (
                "../evil",
                "deep/../../evil",
                "/etc/evil",
                str(tmp_path / "evil"),
                "out/evil",
                "a\0b",
                "deep/../..",
            ):
                assert sent(name)[0] == 400, name
    assert (folder / "large.bin").read_bytes() == large
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept"]

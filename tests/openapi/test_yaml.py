"""The description as YAML: the same values, served beside the JSON and written to files."""

from __future__ import annotations

import http.client
import json
import os
import runpy
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st
from openapi_spec_validator import validate

from segue.openapi.yaml import to_yaml
from segue.testing import Client

TEXTS = st.text() | st.sampled_from(
    [
        "yes",
        "No",
        "null",
        "~",
        "1.0",
        "1e5",
        "0x1f",
        "- a",
        "a: b",
        "#",
        "2026-11-20",
        "a ",
        "é\u0085\x7f",
        "",
        "*a",
        "y",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


def test_people_can_read_it() -> None:
    document = {"openapi": "3.1.1", "paths": {"/films/{id}": {"get": {"tags": ["films"], "security": []}}}}
    assert to_yaml(document) == (
        'openapi: "3.1.1"\npaths:\n  "/films/{id}":\n    get:\n      tags:\n        - films\n      security: []\n'
    )


def test_it_is_served_and_written_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    with Client(runpy.run_path(str(tmp_path / "served.py"))["app"]) as client:
        reply = client.get("/openapi.yaml")
        assert reply.content_type == "application/yaml"
        assert yaml.safe_load(reply.text) == client.get("/openapi.json").json()
        again = client.get("/openapi.yaml", headers={"if-none-match": reply.headers["etag"]})
        assert again.status == 304
    for ending in ("yaml", "json"):
        command = [sys.executable, "-m", "segue", "openapi", "served:app", "--out", f"openapi.{ending}"]
        subprocess.run(command, cwd=tmp_path, env=environment(), check=True, timeout=60)
        subprocess.run([*command, "--check"], cwd=tmp_path, env=environment(), check=True, timeout=60)
    written = yaml.safe_load((tmp_path / "openapi.yaml").read_text(encoding="utf-8"))
    assert written == json.loads((tmp_path / "openapi.json").read_text(encoding="utf-8"))


PROGRAM = '''
from segue import App, File, NotFound, Struct, UploadFile
from segue.openapi import OpenAPI

tasks = App("tasks")


class Task(Struct):
    """Something to do."""

    title: str
    done: bool = False


TASKS: dict[int, Task] = {}


@tasks.resource("/", suffix="all")
@tasks.resource("/{id:int}")
class Tasks:
    async def get_all(self, done: bool | None = None) -> list[Task]:
        return [one for one in TASKS.values() if done is None or one.done == done]

    async def post_all(self, task: Task) -> tuple[Task, int]:
        TASKS[len(TASKS) + 1] = task
        return task, 201

    async def get(self, id: int) -> Task:
        if id not in TASKS:
            raise NotFound("there is no such task")
        return TASKS[id]

    async def delete(self, id: int) -> None:
        TASKS.pop(id, None)


app = App("api", plugins=[OpenAPI(title="Tasks", version="1")])
app.include(tasks, at="/tasks")


@app.post("/pictures")
async def picture(picture: File) -> dict[str, object]:
    return {"name": picture.filename, "size": picture.size}
'''


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def ask(
    port: int, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, {} if body is None else {"content-type": kind})
    reply = connection.getresponse()
    try:
        return reply.status, reply.read().decode()
    finally:
        connection.close()


@pytest.mark.requires("granian")
@pytest.mark.row("EM-12")
def test_rest_modules_on_a_server_in_rust_have_a_valid_description_and_a_page(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "served:app"]
    server = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until_it_answers(port, server)
        assert ask(port, "POST", "/tasks/", b'{"title": "practise"}')[0] == 201
        assert ask(port, "POST", "/tasks/", b'{"title": 7}')[0] == 422
        assert ask(port, "GET", "/tasks/1") == (200, '{"title":"practise","done":false}')
        assert ask(port, "DELETE", "/tasks/1")[0] == 204
        assert ask(port, "GET", "/tasks/1")[0] == 404
        form = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n12345\r\n--x--\r\n'
        status, text = ask(port, "POST", "/pictures", form, "multipart/form-data; boundary=x")
        assert (status, json.loads(text)) == (200, {"name": "a.png", "size": 5})
        document = json.loads(ask(port, "GET", "/openapi.json")[1])
        validate(document)
        assert {"get", "delete"} <= document["paths"]["/tasks/{id}"].keys()
        assert {"get", "post"} <= document["paths"]["/tasks/"].keys()
        assert yaml.safe_load(ask(port, "GET", "/openapi.yaml")[1]) == document
        page = ask(port, "GET", "/docs")[1]
        assert "/tasks/{id}" in page
    finally:
        server.terminate()
        server.wait(20)
    with Client(runpy.run_path(str(tmp_path / "served.py"))["app"]) as client:
        assert client.get("/openapi.json").json() == document


def until_it_answers(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            ask(port, "GET", "/openapi.json")
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("granian does not answer")

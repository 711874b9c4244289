"""What the verification of TechEmpower's benchmark asks, told in our own words, of an app with all of its tests behind a real server."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from techempower_app import FORTUNES, PAGE, ROWS, made

from segue.testing import LiveServer

# What is asked for, and how many follow from it.
COUNTS = {"2": 2, "0": 1, "foo": 1, "501": 500, "": 1, None: 1, "-1": 1, "20": 20, "500": 500, "1.5": 1}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    folder: Path = tmp_path_factory.mktemp("techempower")
    (folder / "fortunes.html").write_text(PAGE, encoding="utf-8")
    with (
        LiveServer(made(f"sqlite:///{folder}/t.db", folder)) as server,
        httpx2.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


@pytest.mark.parametrize(
    "path", ["/json", "/plaintext", "/db", "/queries", "/cached-queries", "/updates", "/fortunes"]
)
def test_each_answer_has_the_fields_that_are_asked_for(api: httpx2.Client, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 200
    assert answer.headers["server"]
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer.headers["date"])
    assert ("content-length" in answer.headers) != ("transfer-encoding" in answer.headers)
    kind = {"/plaintext": "text/plain", "/fortunes": "text/html; charset=utf-8"}.get(path, "application/json")
    assert answer.headers["content-type"].startswith(kind)


def test_json(api: httpx2.Client) -> None:
    answer = api.get("/json")
    assert answer.json() == {"message": "Hello, World!"}
    assert int(answer.headers["content-length"]) in (27, 28)


def test_plaintext(api: httpx2.Client) -> None:
    assert api.get("/plaintext").content == b"Hello, World!"


def test_plaintext_is_answered_when_sixteen_requests_come_at_once(api: httpx2.Client) -> None:
    url = api.base_url
    with socket.create_connection((url.host, url.port or 80), 30) as sock:
        sock.sendall(
            b"GET /plaintext HTTP/1.1\r\nHost: localhost\r\n\r\n" * 15
            + b"GET /plaintext HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        data = b""
        while piece := sock.recv(65_536):
            data += piece
    assert (data.count(b"HTTP/1.1 200"), data.count(b"Hello, World!")) == (16, 16)


def is_world(one: Any) -> bool:
    whole = (
        isinstance(one, dict)
        and one.keys() == {"id", "randomNumber"}
        and all(type(value) is int for value in one.values())
    )
    return whole and 1 <= one["id"] <= ROWS and 1 <= one["randomNumber"] <= ROWS


def test_db(api: httpx2.Client) -> None:
    found = [api.get("/db").json() for _ in range(10)]
    assert all(is_world(one) for one in found)
    assert len({one["id"] for one in found}) > 1


@pytest.mark.parametrize("path", ["/queries", "/updates"])
@pytest.mark.parametrize("asked", COUNTS, ids=repr)
def test_several(api: httpx2.Client, path: str, asked: str | None) -> None:
    _check_several(api, path, "queries", asked)


@pytest.mark.parametrize("asked", COUNTS, ids=repr)
def test_several_that_are_kept(api: httpx2.Client, asked: str | None) -> None:
    _check_several(api, "/cached-queries", "count", asked)


def _check_several(api: httpx2.Client, path: str, name: str, asked: str | None) -> None:
    found = api.get(path, params={} if asked is None else {name: asked}).json()
    assert isinstance(found, list)
    assert len(found) == COUNTS[asked]
    assert all(is_world(one) for one in found)


def test_updates_are_written(api: httpx2.Client) -> None:
    said = {one["id"]: one["randomNumber"] for one in api.get("/updates?queries=500").json()}
    read: dict[int, int] = {}
    for _ in range(20):
        read.update({one["id"]: one["randomNumber"] for one in api.get("/queries?queries=500").json()})
    both = said.keys() & read.keys()
    assert len(both) > 50
    assert all(said[key] == read[key] for key in both)


def test_fortunes(api: httpx2.Client) -> None:
    text = api.get("/fortunes").text
    assert text.startswith("<!DOCTYPE html>")
    assert "<script>" not in text
    assert "&lt;script&gt;alert(" in text
    rows = re.findall(r"<tr><td>(\d+)</td><td>(.*?)</td></tr>", text)
    wanted = sorted([*FORTUNES, "Additional fortune added at request time."])
    assert [unescape(message) for _, message in rows] == wanted
    assert ("0", "Additional fortune added at request time.") in rows

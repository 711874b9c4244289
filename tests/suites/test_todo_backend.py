"""What the specification of Todo-Backend (todobackend.com) asks of an API for things to do, told in our own words; over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from examples_loaded import example

from segue.testing import LiveServer


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx2.Client]:
    """A client at the root, which is emptied first, as the suite does."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/todos.db")
    with LiveServer(example("todos").app) as server, httpx2.Client(base_url=server.url) as client:
        assert client.delete("/").is_success
        yield client


def made(api: httpx2.Client, **fields: Any) -> dict[str, Any]:
    done = api.post("/", json={"title": "walk the dog", **fields})
    assert done.is_success
    found: dict[str, Any] = done.json()
    return found


def test_pages_of_any_origin_may_use_it(api: httpx2.Client) -> None:
    answer = api.get("/", headers={"origin": "https://todobackend.com"})
    assert answer.headers["access-control-allow-origin"] == "*"
    for method in ("POST", "PATCH", "DELETE"):
        asked = {
            "origin": "https://todobackend.com",
            "access-control-request-method": method,
            "access-control-request-headers": "content-type",
        }
        leave = api.options("/1", headers=asked)
        assert leave.is_success
        allowed = leave.headers["access-control-allow-methods"].split(", ")
        assert method == "POST" or method in allowed  # POST needs no leave, but for the type of its body
        assert "content-type" in leave.headers["access-control-allow-headers"].lower()


def test_the_root_answers_a_get(api: httpx2.Client) -> None:
    assert api.get("/").status_code == 200


def test_a_post_to_the_root_answers_with_what_was_posted(api: httpx2.Client) -> None:
    assert made(api)["title"] == "walk the dog"


def test_after_a_delete_of_the_root_the_list_is_empty(api: httpx2.Client) -> None:
    made(api)
    assert api.delete("/").is_success
    assert api.get("/").json() == []


def test_what_was_posted_is_in_the_list(api: httpx2.Client) -> None:
    made(api)
    assert [one["title"] for one in api.get("/").json()] == ["walk the dog"]


def test_a_new_one_is_not_completed(api: httpx2.Client) -> None:
    made(api)
    assert [one["completed"] for one in api.get("/").json()] == [False]


def test_each_has_a_url_that_answers_with_it(api: httpx2.Client) -> None:
    new, (listed,) = made(api), api.get("/").json()
    for one in (new, listed):
        assert one["url"].startswith(str(api.base_url).rstrip("/"))
        assert httpx2.get(one["url"]).json() == new


def test_a_patch_changes_the_title(api: httpx2.Client) -> None:
    url = made(api)["url"]
    assert api.patch(url, json={"title": "wash the dog"}).json()["title"] == "wash the dog"


def test_a_patch_completes_it(api: httpx2.Client) -> None:
    url = made(api)["url"]
    assert api.patch(url, json={"completed": True}).json()["completed"] is True


def test_changes_are_there_when_it_is_asked_for_again_and_in_the_list(api: httpx2.Client) -> None:
    new = made(api)
    api.patch(new["url"], json={"title": "wash the dog", "completed": True})
    for found in (api.get(new["url"]).json(), api.get("/").json()[0]):
        assert found == {**new, "title": "wash the dog", "completed": True}


def test_one_can_be_deleted(api: httpx2.Client) -> None:
    new = made(api)
    assert api.delete(new["url"]).is_success
    assert api.get("/").json() == []
    assert api.get(new["url"]).status_code == 404


def test_it_has_an_order_that_can_be_given_changed_and_remembered(api: httpx2.Client) -> None:
    new = made(api, order=523)
    assert new["order"] == 523
    assert api.patch(new["url"], json={"order": 95}).json()["order"] == 95
    assert api.get(new["url"]).json()["order"] == 95


def test_what_is_no_thing_to_do_is_refused(api: httpx2.Client) -> None:
    for body in ({}, {"title": ""}, {"title": 7}, {"title": "x", "order": "first"}, [], "walk"):
        assert api.post("/", json=body).status_code == 422
    assert api.get("/").json() == []

"""The reviews example over real servers: two workers, on SQLite and PostgreSQL, with a program and with a browser."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from browser import Tab, opened
from journey_process import Serving

import segue
from segue.db.engine import engine_for
from segue.security import new_key

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "reviews.py"
COUNT = 3200


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.requires("postgresql"))]
)
def site(
    request: pytest.FixtureRequest, servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the example, served by two workers that begin with an empty database side by side."""
    folder = tmp_path_factory.mktemp(request.param)
    name, server = f"segue_test_{secrets.token_hex(8)}", servers["postgresql"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SECURITY_KEY", new_key())
        if request.param == "sqlite":
            patch.setenv("DATABASE_URL", f"sqlite:///{folder}/reviews.db")
        else:
            asyncio.run(run(server, f"CREATE DATABASE {name}"))
            patch.setenv("DATABASE_URL", f"{server.rpartition('/')[0]}/{name}")
        try:
            with Serving(str(EXAMPLE), "--workers", "2", "--grace", "2") as serving:
                url = f"http://127.0.0.1:{serving.port}"
                httpx2.get(f"{url}/ready", timeout=60)
                yield url
                assert not any("Traceback" in line for line in serving.log), "".join(serving.log)
        finally:
            if request.param == "postgresql":
                asyncio.run(run(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def run(server: str, sql: str) -> None:
    engine = engine_for(server)
    await engine.open()
    try:
        await engine.execute(sql)
    finally:
        await engine.close()


@pytest.fixture
def client(site: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=site, timeout=30) as made:
        yield made


def titles(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<a href="/films/\d+">(.*?)</a>', page)]


def film_of(client: httpx2.Client, title: str) -> dict[str, Any]:
    (film,) = client.get("/api/films", params={"q": title}).json()
    return dict(film)


# --- pages -----------------------------------------------------------------------------------------------------------


def test_films_are_put_in_once_and_are_found(client: httpx2.Client) -> None:
    first = client.get("/").text
    assert f"<h1>{COUNT:,} films</h1>" in first
    assert "Page 1 of 160" in first
    assert titles(first)[0] == "The Shawshank Redemption"
    assert titles(client.get("/?page=2").text) != titles(first)
    assert titles(client.get("/", params={"q": "jeunet POULAIN"}).text) == [
        "Le Fabuleux destin d'Amélie Poulain"
    ]
    nothing = client.get("/?q=%3Cb%3E%25&page=7").text
    assert "<h1>0 films for" in nothing
    assert "<b>" not in nothing
    assert client.get("/?page=0").status_code == client.get("/?sort=other").status_code == 422


def test_genres_count_what_was_found(client: httpx2.Client) -> None:
    page = client.get("/?q=love").text
    genres = {unescape(name): int(count) for name, count in re.findall(r">([A-Z][^<]*?) (\d+)</a>", page)}
    assert len(genres) > 5
    for genre in ("Drama", "Romantic Comedy"):
        one = client.get("/", params={"q": "love", "genre": genre}).text
        assert f"<h1>{genres[genre]} film" in one
        assert 'aria-current="true"' in one


def test_a_review_is_written_without_javascript(client: httpx2.Client) -> None:
    film = film_of(client, "Blade Runner")
    path = f"/films/{film['id']}"
    cookies: dict[str, str] = {}

    def keep(reply: httpx2.Response) -> httpx2.Response:
        """As a browser does: over HTTP too, as this is the machine itself."""
        for field in reply.headers.get_list("set-cookie"):
            name, _, rest = field.partition("=")
            cookies[name] = rest.partition(";")[0]
            assert "Secure" in field
            assert "SameSite" in field
        return reply

    def header() -> dict[str, str]:
        return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def token(page: str) -> str:
        found = re.search(r'name="_csrf" value="(.*?)"', page)
        assert found is not None
        return found[1]

    form = {"name": "<Deckard>", "text": "Tears\n& rain"}
    csrf = token(keep(client.get(path)).text)
    assert client.post(f"{path}/reviews", data=form, headers=header()).status_code == 403  # no token
    wrong = keep(client.post(f"{path}/reviews", data={**form, "_csrf": csrf}, headers=header()))
    assert wrong.status_code == 422
    assert re.search(r'id="stars-error">\w', wrong.text)
    assert 'value="&lt;Deckard&gt;"' in wrong.text
    assert "Tears\n&amp; rain</textarea>" in wrong.text

    done = keep(
        client.post(
            f"{path}/reviews", data={**form, "stars": "5", "_csrf": token(wrong.text)}, headers=header()
        )
    )
    assert (done.status_code, done.headers["location"]) == (303, path)
    after = keep(client.get(path, headers=header())).text
    assert "Thank you." in after
    assert "<h3>&lt;Deckard&gt; <span" in after
    assert '<input name="name" value="&lt;Deckard&gt;"' in after  # the session knows it
    assert "Thank you." not in client.get(path, headers=header()).text
    assert client.get("/films/999999").status_code == 404


def test_other_sites_write_no_reviews(client: httpx2.Client) -> None:
    form = {"name": "x", "stars": "1", "text": "x"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert client.post("/films/1/reviews", data=form, headers=headers).status_code == 403


# --- for programs ----------------------------------------------------------------------------------------------------


def test_the_api_gives_films_with_what_belongs_to_them(client: httpx2.Client) -> None:
    film = film_of(client, "Alien³")
    assert film["director"]["name"] == "David Fincher"
    assert film["genre"]["name"] == "Action"
    page = client.get("/api/films").json()
    assert len(page) == 100
    assert client.get(f"/api/films?after={page[-1]['id']}").json()[0]["id"] > page[-1]["id"]


def test_reviews_come_and_go_as_json(client: httpx2.Client) -> None:
    film = film_of(client, "Annie Hall")
    path = f"/api/films/{film['id']}/reviews"
    assert client.get(path).json() == []
    made = client.post(path, json={"name": "Alvy", "stars": 5, "text": "La-di-da.", "film_id": 1, "id": 7})
    assert made.status_code == 201
    assert made.json()["film_id"] == film["id"]
    bad = client.post(path, json={"name": "", "stars": 6})
    assert bad.status_code == 422
    assert [one["loc"][-1] for one in bad.json()["errors"]] == ["name", "stars", "text"]
    (review,) = client.get(path).json()
    assert (review["name"], review["stars"], review["text"]) == ("Alvy", 5, "La-di-da.")
    assert (
        client.post("/api/films/999999/reviews", json={"name": "x", "stars": 1, "text": "x"}).status_code
        == 404
    )


def test_the_api_is_described(client: httpx2.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/api/films", "/api/films/{id}/reviews", "/films.csv", "/reviews/feed"}
    schema = paths["/api/films/{id}/reviews"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["$ref"].startswith("#/components/schemas/Review")
    assert client.get("/docs").status_code == 200


def test_all_films_leave_as_csv(client: httpx2.Client) -> None:
    reply = client.get("/films.csv")
    assert reply.headers["content-type"].startswith("text/csv")
    assert "content-length" not in reply.headers  # row by row
    lines = reply.text.split("\r\n")
    assert lines[0] == "id,title,year,director,genre,rating"
    assert len(lines) == COUNT + 2


def test_reviews_are_told_by_every_worker_and_none_is_missed(client: httpx2.Client) -> None:
    path = "/api/films/1/reviews"
    ids = [client.post(path, json={"name": "x", "stars": 3, "text": str(n)}).json()["id"] for n in range(3)]
    with client.stream("GET", "/reviews/feed", headers={"last-event-id": str(ids[0])}) as feed:
        events: list[Any] = []
        for line in feed.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
            if len(events) == 2:
                break
    assert [one["id"] for one in events] == ids[1:]
    assert events[0]["film"]["title"] == "The Land Girls"


def test_it_can_be_watched(client: httpx2.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json()["checks"]["database"]["status"] == "ok"
    client.get("/films/2")
    assert 'route="/films/{id:int}"' in "".join(client.get("/metrics").text for _ in range(20))


COUNTING = """
import reviews
from segue.testing import Client

with Client(reviews.app, base_url="http://localhost") as client:
    for path in ("/?q=love&genre=Drama", "/films/1", "/api/films"):
        with reviews.db.counting() as statements:
            assert client.get(path).status == 200
        print(path, len(statements))
"""


def test_no_page_asks_more_often_than_it_must(tmp_path: Path) -> None:
    # In a process of its own: other tests have models of these names.
    source = Path(segue.__file__).parents[1]
    told = subprocess.run(
        [sys.executable, "-c", COUNTING],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": f"{EXAMPLE.parent}{os.pathsep}{source}",
            "DATABASE_URL": f"sqlite:///{tmp_path}/reviews.db",
            "SECURITY_KEY": new_key(),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split("\n")[:-1] == [
        "/?q=love&genre=Drama 3",
        "/films/1 3",
        "/api/films 1",
    ]


# --- in a browser ----------------------------------------------------------------------------------------------------

# How far apart paper and ink are, as WCAG 2.2 computes it: the least of all texts that are seen.
CONTRAST = """
(() => {
  const parts = color => color.match(/[0-9.]+/g).map(Number)
  const light = color => parts(color).slice(0, 3).map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
  const paper = one => !one ? "rgb(255, 255, 255)" : (parts(getComputedStyle(one).backgroundColor)[3] ?? 1) === 0
    ? paper(one.parentElement) : getComputedStyle(one).backgroundColor
  const texts = [...document.querySelectorAll("body *")].filter(one => one.offsetParent
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  return Math.min(...texts.map(one => {
    const [ink, under] = [light(getComputedStyle(one).color), light(paper(one))]
    return (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05)
  }))
})()
"""
LOADED = "document.readyState === 'complete' && document.styleSheets.length === 1"


def foreign(page: Tab, site: str) -> list[str]:
    asked: list[str] = page.value("performance.getEntriesByType('resource').map(one => one.name)")
    return [one for one in asked if not one.startswith((f"{site}/", "data:"))]


@pytest.mark.requires("chromium")
def test_a_visitor_writes_a_review(site: str, client: httpx2.Client, tmp_path: Path) -> None:
    film = film_of(client, "Reservoir Dogs")
    with opened(f"{site}/films/{film['id']}", tmp_path / "profile") as page:
        page.wait_for(LOADED)
        page.value("document.querySelector('form.review [name=name]').value = 'Orange'")
        page.value("document.querySelector('form.review').requestSubmit()")
        page.wait_for("document.querySelectorAll('.error').length === 2")
        assert page.value("document.querySelector('form.review [name=name]').value") == "Orange"
        page.value("document.querySelector('form.review [value=\"4\"]').checked = true")
        page.value("document.querySelector('form.review [name=text]').value = '<b>Loud</b>'")
        page.value("document.querySelector('form.review').requestSubmit()")
        page.wait_for(
            "document.querySelector('.flash') !== null && document.querySelector('article') !== null"
        )
        assert page.value("document.querySelector('article p').textContent") == "<b>Loud</b>"
        assert page.value("document.querySelector('form.review [name=name]').value") == "Orange"
        page.wait_for(LOADED)
        client.post(f"/api/films/{film['id']}/reviews", json={"name": "Pink", "stars": 2, "text": "No tips."})
        page.wait_for(
            "document.getElementById('news').textContent === 'Just now: Pink gives Reservoir Dogs 2 of 5'"
        )
        assert foreign(page, site) == []
        # The 422 is told as what it is.
        assert [one for one in page.complaints if "422" not in one] == []


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_pages_are_readable(site: str, tmp_path: Path, scheme: str, width: int) -> None:
    with opened(f"{site}/?q=love", tmp_path / "profile", f"--window-size={width},900") as page:
        page.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        page.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        for path in ("/?q=love", "/films/1"):
            page.command("Page.navigate", url=f"{site}{path}")
            page.wait_for(f"location.href === '{site}{path}' && {LOADED}")
            assert page.value(CONTRAST) >= 4.5
            assert page.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            shot = base64.b64decode(page.command("Page.captureScreenshot", format="png")["data"])
            assert len(shot) > 10_000
        assert foreign(page, site) == []
        assert page.complaints == []

"""Further pages for a description: four viewers, each served by the app and shown in a browser that reaches nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import opened

from segue import App, Struct
from segue.openapi import Elements, OpenAPI, Redoc, Scalar
from segue.testing import Client, LiveServer

VENDORED = Path(__file__).resolve().parents[2] / ".cache" / "ui"
# Every other host is a name that does not resolve.
BLOCKED = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
SHOWN = "document.body.innerText"


class Film(Struct):
    title: str


def shop(*viewers: Any) -> App:
    app = App("shop", plugins=[OpenAPI(title="Shop of films", version="1.0"), *viewers])

    @app.get("/films/{id}")
    async def show(id: int) -> Film:
        """One film."""
        return Film(f"Film {id}")

    @app.post("/films")
    async def add(film: Film) -> Film:
        """Adds a film."""
        return film

    return app


def sources(policy: str) -> set[str]:
    """The hosts that a policy lets the page ask."""
    return {
        word
        for directive in policy.split(";")
        for word in directive.split()[1:]
        if not word.startswith("'") and word not in ("data:", "blob:")
    }


@pytest.mark.row("LI6")
@pytest.mark.requires("chromium", "redoc", "scalar")
def test_four_viewers_show_the_description_offline(tmp_path: Path) -> None:
    app = shop(Elements(), Redoc(VENDORED / "redoc"), Scalar(VENDORED / "scalar"))
    with Client(app) as client:
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
        for path in ("/docs", "/elements", "/redoc", "/scalar"):
            policy = client.get(path).headers["content-security-policy"]
            assert sources(policy) == set(), path
            assert "script-src 'self';" in policy
    operations = {
        "/docs": "document.querySelectorAll('.opblock').length === 2",
        "/elements": f"{SHOWN}.includes('Shop of films') && {SHOWN}.includes('ENDPOINTS')",
        "/redoc": f"{SHOWN}.includes('Adds a film.') && {SHOWN}.includes('One film.')",
        "/scalar": f"{SHOWN}.includes('Shop of films') && {SHOWN}.includes('One film.')",
    }
    with LiveServer(app) as server:
        for number, (path, shown) in enumerate(operations.items()):
            with opened(f"{server.url}{path}", tmp_path / str(number), BLOCKED) as page:
                page.wait_for(shown)
                asked = page.value("performance.getEntriesByType('resource').map(entry => entry.name)")
                elsewhere = [one for one in asked if not one.startswith((f"{server.url}/", "data:", "blob:"))]
                # Redoc tries for a picture, which the policy forbids: it is shown without.
                assert [one for one in elsewhere if path != "/redoc" or "logo" not in one] == []
                if path != "/redoc":
                    assert page.complaints == []


def test_links_are_relative_wherever_the_page_is_and_other_servers_are_said() -> None:
    app = App("whole")
    inner = shop(Elements(at="/reference/look", title="<Shop>", origins=["https://api.example.com/v1"]))
    app.include(inner, at="/v1")
    with Client(app) as client:
        page = client.get("/v1/reference/look")
        assert 'apiDescriptionUrl="../openapi.json"' in page.text
        assert "<title>&lt;Shop&gt;</title>" in page.text
        assert 'src="look/files/web-components.min.js"' in page.text
        assert client.get("/v1/reference/look/files/web-components.min.js").status == 200
        assert sources(page.headers["content-security-policy"]) == {"https://api.example.com"}
        # They are no part of what they show.
        assert "/v1/reference/look" not in client.get("/v1/openapi.json").text


def test_what_is_missing_or_no_server_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Redoc needs redoc.standalone.js in .*npm pack redoc"):
        Redoc(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"npm pack @scalar/api-reference"):
        Scalar(tmp_path)
    for wrong in ("api.example.com", "https://a.example; script-src *", "ftp://a.example", "https://"):
        with pytest.raises(ValueError, match=r"like https://api\.example\.com"):
            Elements(origins=[wrong])

"""What elsewhere an extension brings, in one app: injection, models of four kinds, a description, CORS, pages, health."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import attrs
import pydantic
import pytest

from segue import App, Body, Cors, Request, Struct, Trace, answers
from segue.formats import PydanticJSON
from segue.html import Templates
from segue.observe import Health
from segue.openapi import OpenAPI
from segue.testing import Client


class Settings:
    site = "Films"


class Store:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class Session:
    def __init__(self, store: Store) -> None:
        self.store = store


class InStruct(Struct):
    title: str


@dataclasses.dataclass
class InDataclass:
    title: str


@attrs.define
class InAttrs:
    title: str


class InPydantic(pydantic.BaseModel):
    title: str


@answers(429)
async def throttled(request: Request, next: Any) -> Any:
    return await next(request)


def films(folder: Path) -> App:
    (folder / "index.html").write_text("<h1>{{ site }}</h1>")
    health = Health()
    app = App(
        "extended",
        plugins=[Templates(folder), OpenAPI("Films", "1.0"), health],
        json=PydanticJSON(),
    )
    app.middleware(Cors(["https://front.example"]))
    app.middleware(Trace())
    app.provide(Settings, Settings())  # as long as the app
    app.provide(Store, life="app")
    app.provide(Session)  # for one request, made of what its constructor names

    @health.check
    async def store(store: Store) -> bool:
        return store.settings.site == "Films"

    @app.get("/", template="index.html")
    async def index(session: Session) -> dict[str, str]:
        """The first page.

        With the name of the site.
        """
        return {"site": session.store.settings.site}

    for kind in (InStruct, InDataclass, InAttrs, InPydantic):

        async def add(film: Any) -> Any:
            return film

        add.__annotations__.update(film=Body[kind], **{"return": kind})
        app.post(f"/{kind.__name__}", name=kind.__name__, middleware=[throttled])(add)
    return app


@pytest.mark.row("SA22")
def test_it_is_all_there_in_one_app(tmp_path: Path) -> None:
    with Client(films(tmp_path)) as client:
        assert client.get("/", headers={"accept": "text/html"}).text == "<h1>Films</h1>"

        for kind in ("InStruct", "InDataclass", "InAttrs", "InPydantic"):
            assert client.post(f"/{kind}", json={"title": "Nuages"}).json() == {"title": "Nuages"}
            assert client.post(f"/{kind}", json={"title": 3}).status == 422
            bad = client.post(f"/{kind}", content="{", headers={"content-type": "application/json"})
            assert bad.status == 400

        choices = client.options("/")
        assert (choices.status, choices.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
        head = client.head("/", headers={"accept": "text/html"})
        assert (head.status, head.content, head.headers["content-length"]) == (200, b"", "14")
        assert client.request("TRACE", "/").text.startswith("TRACE / HTTP/1.1")

        asked = client.options(
            "/InStruct",
            headers={"origin": "https://front.example", "access-control-request-method": "POST"},
        )
        assert asked.headers["access-control-allow-origin"] == "https://front.example"

        document = client.get("/openapi.json").json()
        index = document["paths"]["/"]["get"]
        assert (index["summary"], index["description"]) == ("The first page.", "With the name of the site.")
        assert "429" in document["paths"]["/InStruct"]["post"]["responses"]

        assert client.get("/health").status == 200
        assert client.get("/ready").json()["checks"]["store"]["status"] == "ok"

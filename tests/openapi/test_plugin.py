"""What the plugin serves: the document, and the page that shows it."""

from __future__ import annotations

from openapi_spec_validator import validate

from segue import App, Response
from segue.openapi import OpenAPI
from segue.testing import Client


def shop(**more: str) -> App:
    app = App("shop", plugins=[OpenAPI(title="Shop", version="1.0", **more)])

    @app.get("/films/{id}")
    async def show(id: int) -> dict[str, int]:
        """One <film>."""
        return {"id": id}

    return app


def test_the_document_is_served_with_a_tag() -> None:
    with Client(shop()) as client:
        reply = client.get("/openapi.json")
        assert reply.content_type == "application/json"
        document = reply.json()
        validate(document)
        assert document["info"] == {"title": "Shop", "version": "1.0"}
        assert list(document["paths"]) == ["/films/{id}"]
        assert client.get("/openapi.json", headers={"if-none-match": reply.headers["etag"]}).status == 304


def test_the_page_is_complete_without_scripts() -> None:
    with Client(shop()) as client:
        reply = client.get("/docs")
        assert reply.content_type == "text/html"
        assert "GET</span> /films/{id}" in reply.text
        assert "One &lt;film&gt;." in reply.text
        policy = reply.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert client.get("/docs/swagger/swagger-ui-bundle.js").status == 200


def test_an_included_app_describes_itself() -> None:
    app = App()

    @app.get("/")
    async def home() -> str:
        return ""

    app.include(shop(), at="/eu/shop")
    with Client(app) as client:
        document = client.get("/eu/shop/openapi.json").json()
        assert list(document["paths"]) == ["/eu/shop/films/{id}"]
        assert document["servers"] == [{"url": "../.."}]
        assert client.get("/eu/shop/docs/start.js").status == 200


def test_versions_have_documents_of_their_own() -> None:
    app = App(plugins=[OpenAPI("Old", "1", at="/v1"), OpenAPI("New", "2", at="/v2")])

    @app.get("/v1/films")
    async def old() -> str:
        return ""

    @app.get("/v2/films")
    async def new() -> str:
        return ""

    with Client(app) as client:
        assert list(client.get("/v1/openapi.json").json()["paths"]) == ["/v1/films"]
        assert list(client.get("/v2/openapi.json").json()["paths"]) == ["/v2/films"]
        assert "New 2" in client.get("/v2/docs").text


def test_one_plugin_serves_two_apps() -> None:
    plugin = OpenAPI("Both", "1")
    one, two = App("one", plugins=[plugin]), App("two", plugins=[plugin])

    @one.get("/a")
    async def a() -> Response:
        return Response()

    with Client(one) as first, Client(two) as second:
        assert list(first.get("/openapi.json").json()["paths"]) == ["/a"]
        assert second.get("/openapi.json").json()["paths"] == {}


def test_the_page_may_ask_the_servers_of_the_api() -> None:
    app = App(plugins=[OpenAPI("Far", "1", servers=["https://api.example.com/v1", "/here"])])
    with Client(app) as client:
        policy = client.get("/docs").headers["content-security-policy"]
        assert "connect-src 'self' https://api.example.com;" in policy

"""JSON Schemas that an API has already."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from segue import App, Body
from segue.formats import validated
from segue.testing import Client

FILM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "cast": {"type": "array", "items": {"$ref": "#/$defs/person"}},
    },
    "required": ["title"],
    "$defs": {"person": {"type": "object", "required": ["name"]}},
}


@pytest.fixture
def client() -> Client:
    app = App()

    @app.post("/films")
    @validated(request=FILM, response={"type": "object", "required": ["id"]})
    async def add(film: Body[dict[str, Any]]) -> dict[str, Any]:
        return {"id": 1} if film["title"] != "broken" else {}

    return Client(app, raise_server_exceptions=False)


@pytest.mark.row("FC21")
def test_a_body_that_does_not_match_is_a_400_with_every_place(client: Client) -> None:
    assert client.post("/films", json={"title": "Nuages"}).json() == {"id": 1}
    reply = client.post("/films", json={"title": "", "cast": [{"name": "a"}, {}]})
    assert reply.status == 400
    assert reply.json()["errors"] == [
        {"loc": ["body", "cast", 1], "msg": "'name' is a required property"},
        {"loc": ["body", "title"], "msg": "'' should be non-empty"},
    ]
    assert client.post("/films", json=[]).json()["errors"][0]["loc"] == ["body"]
    assert client.post("/films", content=b"{", headers={"content-type": "application/json"}).status == 400
    assert client.post("/films", content=b"{}", headers={"content-type": "text/plain"}).status == 415


def test_a_result_that_does_not_match_is_a_500(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.post("/films", json={"title": "broken"}).status == 500
    assert "'id' is a required property" in caplog.text


def test_a_schema_that_is_none_is_told_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="this is no JSON Schema: 'strin' is not valid"):
        validated(request={"type": "strin"})


def test_nothing_is_fetched() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        app = App()

        @app.post("/")
        @validated(request={"$ref": f"http://127.0.0.1:{server.server_port}/schema"})
        async def add() -> None: ...

        assert Client(app, raise_server_exceptions=False).post("/", json={}).status == 500
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == []

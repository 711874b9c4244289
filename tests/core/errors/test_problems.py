"""Errors in the format that the client asks for."""

import http
import inspect
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from segue import App, HTTPError, NotFound, Request, UnprocessableContent
from segue.formats import JSON, XML
from segue.http import errors
from segue.testing import Client

NS = "{urn:ietf:rfc:7807}"


@pytest.fixture
def client() -> Client:
    app = App()

    @app.get("/lost")
    async def lost() -> None:
        raise NotFound(
            "no <such> film \x00",
            title="Lost",
            type="https://example.com/lost",
            code="L1",
            headers={"x-own": "1"},
            extra={"tried": ["a", {"b c": True}], "1": None},
        )

    @app.get("/bad")
    async def bad(n: int) -> None: ...

    @app.get("/film", formats=[JSON, XML], suffixes=True)
    async def film() -> int:
        raise NotFound

    return Client(app)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/vnd.films+json", "application/problem+json"),
        ("application/vnd.films+json, text/plain;q=0.5", "application/problem+json"),
        ("application/xml, application/json", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("application/xml", "application/problem+xml"),
        ("text/xml, */*;q=0.1", "application/problem+xml"),
        ("application/vnd.films+xml", "application/problem+xml"),
        ("application/problem+xml", "application/problem+xml"),
        ("text/plain", "text/plain"),
        ("text/plain, */*;q=0.5", "text/plain"),
        ("text/html", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
    ],
)
@pytest.mark.row("FC8")
def test_an_error_in_the_format_that_is_asked_for(client: Client, accept: str, kind: str) -> None:
    reply = client.get("/lost", headers={"accept": accept})
    assert (reply.status, reply.content_type, reply.headers["vary"]) == (404, kind, "accept")
    assert reply.headers["x-own"] == "1"
    assert "Lost" in reply.text
    assert "<such>" not in reply.text or kind != "text/html"


@pytest.mark.row("FC8")
def test_the_members_are_the_same_in_json_and_xml(client: Client) -> None:
    told = client.get("/lost").json()
    assert told == {
        "type": "https://example.com/lost",
        "title": "Lost",
        "status": 404,
        "detail": "no <such> film \x00",
        "code": "L1",
        "tried": ["a", {"b c": True}],
        "1": None,
    }
    root = ET.fromstring(client.get("/lost", headers={"accept": "text/xml"}).content)
    assert root.tag == f"{NS}problem"
    assert {one.tag.removeprefix(NS): one.text for one in root} == {
        "type": "https://example.com/lost",
        "title": "Lost",
        "status": "404",
        "detail": "no <such> film \ufffd",
        "code": "L1",
        "tried": None,
        "_1": None,
    }
    assert root.findtext(f"{NS}tried/{NS}i/{NS}b_c") == "true"
    text = client.get("/bad?n=x", headers={"accept": "text/plain"}).text
    assert text.splitlines()[-1] == "query.n: Expected `int`, got `str`"


def test_the_suffix_of_a_path_holds_for_its_errors(client: Client) -> None:
    assert client.get("/film.xml", headers={"accept": "text/html"}).content_type == "application/problem+xml"
    assert (
        client.get("/film.json", headers={"accept": "text/html"}).content_type == "application/problem+json"
    )


CODES = [one for one in http.HTTPStatus if one >= 400 and one != http.HTTPStatus.IM_A_TEAPOT]


@pytest.mark.row("FC8")
@pytest.mark.parametrize("status", CODES)
def test_every_status_has_its_class(status: http.HTTPStatus) -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, HTTPError) and kind not in (HTTPError, errors.StatusError)
    ]
    (kind,) = [one for one in kinds if one.default_status == status]
    error: Any = kind(
        "detail", title="Title", type="urn:x", code="c", headers={"x-own": "1"}, extra={"more": 1}
    )
    app = App()

    @app.get("/")
    async def index() -> None:
        raise error

    reply = Client(app, raise_server_exceptions=False).get("/")
    assert (reply.status, reply.headers["x-own"]) == (status, "1")
    assert reply.json() == {
        "type": "urn:x",
        "title": "Title",
        "status": status,
        "detail": "detail",
        "code": "c",
        "more": 1,
    }


@pytest.mark.row("FC8")
def test_an_app_may_say_itself_how_errors_look() -> None:
    app = App()

    @app.error_handler(HTTPError)
    async def serialize(request: Request, error: HTTPError) -> tuple[str, int, dict[str, str]]:
        return f"{error.status}|{error.detail}", error.status, {"content-type": "text/x-error"}

    @app.get("/")
    async def index() -> None:
        raise UnprocessableContent("no")

    reply = Client(app).get("/")
    assert (reply.status, reply.text, reply.content_type) == (422, "422|no", "text/x-error")
    assert Client(app).get("/nowhere").text == "404|"

"""Text in the charset that the client asks for."""

from collections.abc import AsyncIterator

import pytest

from segue import App, Charsets, Form, Query
from segue.testing import Client


@pytest.fixture
def client() -> Client:
    app = App()
    app.middleware(Charsets("utf-8", "utf-16", "iso-8859-1", bad_query=404))

    @app.get("/text")
    async def text(of: Query[str] = "ä") -> str:
        return of

    @app.get("/json")
    async def json() -> list[str]:
        return ["ä"]

    @app.get("/stream")
    async def stream() -> AsyncIterator[str]:
        yield "ä"
        yield "€"

    @app.get("/cut", content_type="text/plain; charset=utf-8")
    async def cut() -> AsyncIterator[bytes]:
        yield "ä".encode()[:1]
        yield "ä".encode()[1:]

    @app.post("/form")
    async def form(name: Form[str]) -> str:
        return name

    return Client(app)


@pytest.mark.row("CP8")
@pytest.mark.parametrize(
    ("accept", "charset"),
    [
        ("", "utf-8"),
        ("utf-16", "utf-16"),
        ("UTF-16", "utf-16"),
        ("iso-8859-1, utf-8;q=0.5", "iso-8859-1"),
        ("utf-8;q=0, *", "utf-16"),
        ("*", "utf-8"),
    ],
)
def test_the_body_is_in_the_charset_and_the_header_says_so(client: Client, accept: str, charset: str) -> None:
    reply = client.get("/text", headers={"accept-charset": accept})
    assert reply.headers["content-type"] == f"text/plain; charset={charset}"
    assert reply.content.decode(charset) == "ä"
    assert reply.headers["vary"] == "accept-charset"
    assert reply.headers["content-length"] == str(len(reply.content))


@pytest.mark.row("CP8")
def test_no_charset_that_fits_is_a_406(client: Client) -> None:
    reply = client.get("/text", headers={"accept-charset": "koi8-r"})
    assert reply.status == 406
    assert "utf-8, utf-16, iso-8859-1" in reply.json()["detail"]
    # The next one is taken where the best cannot carry the text.
    reply = client.get("/text?of=%E2%82%AC", headers={"accept-charset": "iso-8859-1, utf-16;q=0.1"})
    assert (reply.charset, reply.text) == ("utf-16", "€")
    assert client.get("/text?of=%E2%82%AC", headers={"accept-charset": "iso-8859-1"}).status == 406


@pytest.mark.row("CP8")
def test_what_cannot_be_decoded_is_refused(client: Client) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/form", content=b"name=%FF", headers=headers).status == 400
    assert client.post("/form", content=b"name=%C3%A4", headers=headers).text == "ä"
    assert client.get("/text?of=%FF").status == 404
    assert client.get("/json?of=%FF").status == 404


def test_streams_are_encoded_piece_by_piece_and_json_is_left_alone(client: Client) -> None:
    latin = {"accept-charset": "iso-8859-1"}
    assert client.get("/stream", headers=latin).content == b"\xe4?"
    assert client.get("/stream", headers={"accept-charset": "utf-16"}).content == "ä€".encode("utf-16")
    assert client.get("/cut", headers=latin).content == b"\xe4"
    reply = client.get("/json", headers={"accept-charset": "utf-16"})
    assert (reply.content, reply.headers["content-type"]) == ('["ä"]'.encode(), "application/json")


@pytest.mark.parametrize("charset", ["klingon", "rot13", "base64"])
def test_only_charsets_of_text(charset: str) -> None:
    with pytest.raises(LookupError):
        Charsets(charset)

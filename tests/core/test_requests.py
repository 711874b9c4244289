"""What handlers can ask a request, over a socket: forms, cookies, bodies, digits, disconnects."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

import pytest

from segue import App, Cookie, Form, Header, Meta, Query, Request, Response, SetCookie
from segue.http.errors import ClientDisconnected
from segue.testing import Client, LiveServer

Serve = Callable[[App], Any]


@pytest.mark.row("BO6")
def test_form_fields_are_text_and_a_chunked_body_can_be_read(serve_raw: Serve) -> None:
    app = App()

    @app.post("/form")
    async def form(request: Request) -> dict[str, Any]:
        form = await request.form()
        return {
            "name": form.fields["name"],
            "names": list(form),
            "xhr": request.is_xhr,
            "query": dict(request.query),
        }

    @app.post("/body")
    async def body(request: Request) -> dict[str, Any]:
        return {
            "length": request.content_length,
            "body": await request.text(),
            "client": request.client is not None,
        }

    ask = serve_raw(app)
    urlencoded = ask(
        "POST", "/form?q=%C3%A4", {"content-type": "application/x-www-form-urlencoded"}, "name=ä&b=1".encode()
    )
    assert json.loads(urlencoded.body) == {
        "name": "ä",
        "names": ["name", "b"],
        "xhr": False,
        "query": {"q": "ä"},
    }
    multipart = (
        '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\u00e4 \u2603\r\n'
        '--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\ncontent\r\n--x--\r\n'
    ).encode()
    headers = {"content-type": "multipart/form-data; boundary=x", "x-requested-with": "XMLHttpRequest"}
    assert json.loads(ask("POST", "/form", headers, multipart).body) == {
        "name": "ä ☃", "names": ["name", "f"], "xhr": True, "query": {},
    }  # fmt: skip
    with LiveServer(_again(app)) as server:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
        connection.request(
            "POST", "/body", iter([b"a" * 10, "ä".encode(), b"b" * 100_000]), {}, encode_chunked=True
        )
        assert json.loads(connection.getresponse().read()) == {
            "length": None,
            "body": "a" * 10 + "ä" + "b" * 100_000,
            "client": True,
        }
        connection.close()


def _again(app: App) -> App:
    """A fresh app with the same declarations: one that was shut down may be started again, but not twice at once."""
    fresh = App(app.name)
    fresh.declared = app.declared
    return fresh


@pytest.mark.row("FC17")
def test_cookies_come_and_go(serve: Serve) -> None:
    app = App()

    @app.get("/read")
    async def read(request: Request, a: Cookie[list[str]] = []) -> list[Any]:  # noqa: B006
        return [request.cookies.get_all("a"), a]

    @app.get("/set")
    async def put() -> Response:
        response = Response("x")
        response.set_cookie(SetCookie("a", "1", same_site="strict"))
        response.set_cookie(
            SetCookie("a", "2", path="/deep", same_site="none", secure=True, partitioned=True)
        )
        return response

    @app.get("/unset")
    async def unset() -> Response:
        response = Response("x")
        response.delete_cookie("a")
        return response

    ask = serve(app)
    assert ask.get("/read", {"cookie": "a=1; b=x; a=2"}).text == '[["1","2"],["1","2"]]'
    first, second = [field.lower() for field in ask.get("/set").headers.get_all("set-cookie")]
    assert first.startswith("a=1;")
    assert "samesite=strict" in first
    assert {"samesite=none", "secure", "partitioned", "path=/deep"} <= {
        part.strip() for part in second.split(";")
    }
    (gone,) = ask.get("/unset").headers.get_all("set-cookie")
    assert gone.startswith("a=")
    assert "max-age=0" in gone.lower()


@pytest.mark.row("FC25")
def test_a_body_ends_where_it_was_declared_to_end_and_is_read_by_who_asks() -> None:
    app = App()

    @app.post("/beyond")
    async def beyond(request: Request) -> list[Any]:
        source = request.source
        pieces = [await source.read()]
        while pieces[-1]:
            pieces.append(await source.read())
        return [b"".join(pieces).decode(), (await source.read()).decode(), (await source.read()).decode()]

    @app.post("/unread")
    async def unread(request: Request) -> list[Any]:
        # A body is only parsed for a handler that asks; this one got a form that is none.
        return [dict(request.query)]

    @app.post("/form")
    async def form(name: Form[str]) -> str:
        return name

    with (
        LiveServer(app) as server,
        socket.create_connection((server.host, server.port), timeout=10) as connection,
    ):
        answers = connection.makefile("rb")

        def exchange(request: bytes) -> tuple[int, bytes]:
            connection.sendall(request)
            status = int(answers.readline().split()[1])
            headers = {}
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            return status, answers.read(int(headers["content-length"]))

        broken = b"Content-Type: multipart/form-data\r\nContent-Length: 5\r\n\r\n%%%%%"
        # The next request begins right behind the body: it is not read as part of it.
        assert exchange(b"POST /beyond HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") == (
            200,
            b'["hello","",""]',
        )
        assert exchange(b"POST /unread?a=b HTTP/1.1\r\nHost: a\r\n" + broken) == (200, b'[{"a":"b"}]')
        assert exchange(b"POST /form HTTP/1.1\r\nHost: a\r\n" + broken)[0] == 400
        answers.close()


@pytest.mark.row("SEC-35")
@pytest.mark.parametrize("digits", ["9" * 5000, "-" + "9" * 5000, "1" + "0" * 4999, "0" * 5000, "٣" * 50])
def test_long_digit_strings_are_refused_everywhere(
    serve_raw: Serve, errors: Callable[[], list[Any]], digits: str, tmp_path: Any
) -> None:
    app = App()

    @app.get("/path/{n:int}")
    async def path(n: int) -> dict[str, int]:
        return {"n": n}

    @app.get("/plain/{n}")
    async def plain(n: int) -> dict[str, int]:
        return {"n": n}

    @app.get("/float/{n:float}")
    async def floating(n: float) -> dict[str, float]:
        return {"n": n}

    @app.get("/query")
    async def query(
        n: Query[int] = 0, limited: Query[Annotated[int, Meta(le=10)]] = 1, x: Query[float] = 0.0
    ) -> list[Any]:
        return [n, limited, x]

    @app.get("/fields")
    async def fields(n: Header[int] = 0, c: Cookie[int] = 0) -> list[Any]:
        return [n, c]

    @app.post("/form")
    async def form(n: Form[int]) -> list[Any]:
        return [n]

    @app.post("/json")
    async def as_json(request: Request) -> list[Any]:
        return [await request.json()]

    file = tmp_path / "file"
    file.write_bytes(b"0123456789")

    @app.get("/file")
    async def download() -> Any:
        return file

    ask = serve_raw(app)
    number, ascii_only = quote(digits), digits.isascii()
    expected = {400, 404, 413, 422}
    statuses = {
        "path": ask.get(f"/path/{number}").status,
        "plain": ask.get(f"/plain/{number}").status,
        "float": ask.get(f"/float/{number}").status,
        "query": ask.get(f"/query?n={number}").status,
        "limited": ask.get(f"/query?limited={number}").status,
        "float query": ask.get(f"/query?x={number}").status,
        "form": ask(
            "POST", "/form", {"content-type": "application/x-www-form-urlencoded"}, f"n={number}".encode()
        ).status,
    }
    if ascii_only:
        statuses |= {
            "header": ask.get("/fields", {"n": digits}).status,
            "cookie": ask.get("/fields", {"cookie": f"c={digits}"}).status,
            "length": ask("POST", "/form", {"content-length": digits}).status,
        }
        ranges = [
            ask.get("/file", {"range": f"bytes={digits}-"}).status,
            ask.get("/file", {"range": f"bytes=0-{digits}"}).status,
        ]
        assert set(ranges) <= {200, 206, 416, 400}, ranges
        assert ask("POST", "/json", {"content-type": "application/json"}, digits.encode()).status in {
            200,
            400,
            422,
        }
    assert {name: status for name, status in statuses.items() if status not in expected} == {}
    assert errors() == []


@pytest.mark.row("AI12", "U21")
def test_a_client_that_goes_away_is_noticed_by_the_declared_policy() -> None:
    app = App()
    events: dict[str, threading.Event] = {
        name: threading.Event() for name in ("began", "cancelled", "finished", "go on", "raised")
    }

    @app.get("/cancel", on_disconnect="cancel")
    async def cancel() -> str:
        events["began"].set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            events["cancelled"].set()
            raise
        return "x"

    @app.get("/finish")
    async def finish(request: Request) -> str:
        events["began"].set()
        try:
            while not (events["go on"].is_set() and request.disconnected):  # noqa: ASYNC110 -- set by another thread
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            events["cancelled"].set()
            raise
        events["finished"].set()
        return "x"

    @app.post("/read")
    async def read(request: Request) -> str:
        events["began"].set()
        try:
            await request.body()
        except ClientDisconnected:
            events["raised"].set()
            raise
        return "x"

    def visit(server: LiveServer, request: bytes) -> None:
        for event in events.values():
            event.clear()
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            connection.sendall(request)
            assert events["began"].wait(10)

    with LiveServer(app) as server:
        visit(server, b"GET /cancel HTTP/1.1\r\nHost: a\r\n\r\n")
        assert events["cancelled"].wait(10)
        visit(server, b"GET /finish HTTP/1.1\r\nHost: a\r\n\r\n")
        events["go on"].set()
        assert events["finished"].wait(10)
        assert not events["cancelled"].is_set()
        visit(server, b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal")
        assert events["raised"].wait(10)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("Basic ZGphbmdvOm51YWdlczp4", ["django", "nuages:x"]),
        ("basic ZGphbmdvOg==", ["django", ""]),
        ("Basic ZGphbmdv", None),
        ("Basic !!!", None),
        ("Basic /////w==", None),
        ("Bearer abc", None),
        ("", None),
    ],
)
def test_basic_credentials_are_read_or_absent(field: str, found: list[str] | None) -> None:
    app = App()

    @app.get("/")
    async def who(request: Request) -> dict[str, Any]:
        return {"who": request.basic_auth}

    with Client(app) as client:
        assert client.get("/", headers={"authorization": field}).json() == {"who": found}

"""Calls and their replies: types, errors, time, size, repetitions, streams."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from client_rig import peer, run

from segue import App, File, Form, Request, Response, Struct, wait
from segue.client import (
    Backoff,
    Call,
    CallBroken,
    CallTimedOut,
    Http,
    Limits,
    Reply,
    ReplyTooLarge,
    Retries,
    StatusFailed,
    Timeouts,
    UnfitReply,
    Unreachable,
)
from segue.server.config import TLS, ServerConfig
from segue.testing import LiveServer

Serve = Callable[..., LiveServer]
AT_ONCE = Backoff(first=0.0, most=5.0)


class Film(Struct):
    id: int
    title: str


@pytest.fixture
def films(serve: Serve) -> str:
    app = App()

    @app.get("/films/{id}")
    async def film(id: int) -> Film:
        return Film(id, "Nuages")

    @app.get("/films")
    async def all_films() -> list[Film]:
        return [Film(1, "Nuages"), Film(2, "Minor Swing")]

    @app.post("/films")
    async def make(film: Film) -> tuple[Film, int]:
        return film, 201

    @app.any("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        body = await request.body()
        return {
            "method": request.method,
            "query": request.query.multi_items(),
            "headers": dict(request.headers.multi_items()),
            "body": body.decode("latin-1"),
        }

    @app.post("/upload")
    async def upload(title: Form[str], score: File) -> dict[str, Any]:
        return {"title": title, "name": score.filename, "size": len(score.read())}

    @app.get("/lines")
    async def lines() -> AsyncIterator[str]:
        for number in range(1000):
            yield f"line {number} é\n"

    return serve(app).url


def test_a_type_is_what_a_call_gives(films: str) -> None:
    async def call() -> None:
        async with Http(base_url=films + "/") as http:
            assert await http.get("/films/7", Film) == Film(7, "Nuages")
            assert await http.get("films", list[Film]) == [Film(1, "Nuages"), Film(2, "Minor Swing")]
            assert await http.post("/films", Film, json=Film(9, "é")) == Film(9, "é")
            reply = await http.post("/films", json={"id": 9, "title": "x"})
            assert isinstance(reply, Reply)
            assert (reply.status, reply.ok, reply.reason, reply.media_type) == (
                201,
                True,
                "Created",
                "application/json",
            )
            assert reply.json(Film) == Film(9, "x")
            assert repr(reply) == f"<Reply 201 POST {films}/films>"
            assert (await http.head("/films")).content == b""
            assert (await http.options("/films")).headers["allow"]

    run(call())


def test_failures_name_the_call_and_show_what_came(films: str) -> None:
    async def call() -> None:
        async with Http(base_url=films) as http:
            with pytest.raises(
                StatusFailed, match=r"GET http://.*/films/x: answered with 404 Not Found"
            ) as missing:
                await http.get("/films/x", Film)
            assert missing.value.status == 404
            assert missing.value.reply.json()["status"] == 404
            with pytest.raises(
                UnfitReply, match=r"no list: Expected `array`, got `object`\. It begins with: \{\"id\""
            ):
                await http.get("/films/7", list[Film])
            with pytest.raises(UnfitReply, match="malformed"):
                await http.get("/lines", Film)
            assert (await http.get("/films/x")).status == 404  # without a type, the reply itself

    run(call())


def test_query_header_body_and_files(films: str) -> None:
    async def call() -> None:
        async with Http(base_url=films, headers={"x-team": "a", "x-own": "b"}) as http:
            seen = (
                await http.put(
                    "/echo?a=1", params={"q": "x y", "n": [1, 2]}, headers={"x-own": "c"}, content="é"
                )
            ).json()
            assert seen["query"] == [["a", "1"], ["q", "x y"], ["n", "1"], ["n", "2"]]
            assert (seen["headers"]["x-team"], seen["headers"]["x-own"]) == ("a", "c")
            assert seen["body"].encode("latin-1") == "é".encode()
            seen = (await http.post("/echo", data={"a": "1", "b": ["2", "é"]})).json()
            assert seen["body"] == "a=1&b=2&b=%C3%A9"
            seen = (await http.patch("/echo", json={"é": 1}, cookies={"a": "1", "b": "2"})).json()
            assert (seen["headers"]["cookie"], seen["headers"]["content-type"]) == (
                "a=1; b=2",
                "application/json",
            )
            seen = await http.get("/écho é".replace(" é", "") + "?q=é".replace("é", "%C3%A9"))
            assert seen.status == 404
            for content in (b"12345", io.BytesIO(b"12345")):
                files = {"score": ("score-1.pdf", content, "application/pdf")}
                told = (await http.post("/upload", data={"title": "Nuages"}, files=files)).json()
                assert told == {"title": "Nuages", "name": "score-1.pdf", "size": 5}
            with pytest.raises(TypeError, match="one body"):
                await http.post("/echo", json=1, content=b"")
            with pytest.raises(TypeError, match="jsn"):
                await http.post("/echo", jsn=1)  # type: ignore[call-overload]

    run(call())


def test_a_user_and_a_password(films: str) -> None:
    async def call() -> None:
        async with Http(base_url=films, auth=("user", "password")) as http:
            assert (await http.get("/echo")).json()["headers"][
                "authorization"
            ] == "Basic dXNlcjpwYXNzd29yZA=="
            assert "authorization" not in (await http.get("/echo", auth=False)).json()["headers"]

    run(call())


@pytest.mark.row("TO11")
def test_a_stream_comes_piece_by_piece_in_both_directions(films: str) -> None:
    sent: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(5):
            sent.append(number)
            yield b"x" * 1000
            await asyncio.sleep(0)

    def sync_pieces() -> Iterator[bytes]:
        assert threading.current_thread() is not threading.main_thread()
        yield b"abc"

    async def call() -> None:
        async with Http(base_url=films, limits=Limits(connections=1)) as http:
            async with http.stream("GET", "/lines") as reply:
                assert reply.status == 200
                found = [line async for line in reply.lines()]
            assert found[:2] == ["line 0 é", "line 1 é"]
            assert len(found) == 1000
            async with http.stream("GET", "/lines") as reply:
                async for _ in reply:
                    break
            assert len((await http.post("/echo", content=pieces())).json()["body"]) == 5000
            assert (await http.post("/echo", content=sync_pieces())).json()["body"] == "abc"
            # Whoever leaves early gives the one connection back.
            assert (await http.get("/films/1")).ok
            async with http.stream("GET", "/lines"):
                with pytest.raises(CallTimedOut):
                    await http.get("/films/1", timeout=0.2)

    run(call())
    assert sent == [0, 1, 2, 3, 4]


@pytest.mark.row("AI1")
def test_one_process_serves_and_calls_itself(serve: Serve) -> None:
    app = App()

    @app.get("/inner")
    async def inner() -> Film:
        return Film(7, "Nuages")

    @app.get("/outer")
    async def outer(request: Request) -> Film:
        async with Http() as http:
            return await http.get(f"{request.url.origin}/inner", Film)

    url = serve(app).url

    async def call() -> None:
        async with Http() as http:
            assert await http.get(f"{url}/outer", Film) == Film(7, "Nuages")

    run(call())


def silent(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)


def dribble(connection: socket.socket, _: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(600):
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("behaviour", [silent, dribble])
def test_no_call_takes_longer_than_it_may(behaviour: Any) -> None:
    with peer(behaviour) as server:

        async def call() -> None:
            async with Http(timeouts=Timeouts(total=0.4)) as http:
                began = time.monotonic()
                with pytest.raises(CallTimedOut, match=r"no reply within 0\.4 s"):
                    await http.get(server.url)
                assert time.monotonic() - began < 10
                with pytest.raises(CallTimedOut, match=r"0\.2 s"):
                    await http.get(server.url, timeout=0.2)
            async with Http(timeouts=Timeouts(read=0.2), retries=Retries(times=0)) as http:
                if behaviour is silent:
                    with pytest.raises(CallTimedOut, match="ReadTimeout"):
                        await http.get(server.url)

        run(call())


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 1000000", b""),  # refused by what it says, before it comes
        (b"Connection: close", b"x" * 3000),
        (b"Transfer-Encoding: chunked", b"bb8\r\n" + b"x" * 3000 + b"\r\n0\r\n\r\n"),
    ],
)
def test_no_reply_is_larger_than_the_limit(head: bytes, body: bytes) -> None:
    with peer(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (head, body)) as server:

        async def call() -> None:
            async with Http(limits=Limits(body=2999)) as http:
                with pytest.raises(ReplyTooLarge, match="more than 2999 bytes"):
                    await http.get(server.url)
                if body:
                    assert len((await http.get(server.url, limit=3000)).content) == 3000
                    assert len((await http.get(server.url, limit=None)).content) == 3000

        run(call())


class Counted:
    """Answers with one status after the other."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer:
            connection.sendall(answer)


def status(code: int, *fields: bytes) -> bytes:
    head = b"".join(field + b"\r\n" for field in fields)
    return b"HTTP/1.1 %d X\r\n%bContent-Length: 2\r\nConnection: close\r\n\r\nok" % (code, head)


@pytest.mark.parametrize("trouble", [b"", status(503), status(429, b"Retry-After: 0"), status(502)])
def test_what_may_be_repeated_is_repeated(trouble: bytes) -> None:
    with peer(Counted(trouble, trouble, status(200))) as server:

        async def call() -> None:
            async with Http(retries=Retries(wait=AT_ONCE)) as http:
                assert (await http.get(server.url)).status == 200

        run(call())
        assert len(server.asked) == 3


@pytest.mark.parametrize("trouble", [b"", status(503)])
def test_what_may_do_harm_twice_is_not(trouble: bytes) -> None:
    with peer(Counted(trouble)) as server:

        async def call() -> None:
            async with Http(retries=Retries(wait=AT_ONCE)) as http:
                for options in ({"json": 1}, {"content": iter([b"a"])}):
                    try:
                        assert (await http.post(server.url, **options)).status == 503
                    except CallBroken:
                        assert not trouble

        run(call())
        assert len(server.asked) == 2


def test_repetitions_end_and_a_server_that_asks_for_an_hour_is_believed() -> None:
    with peer(Counted(status(503))) as down, peer(Counted(status(503, b"Retry-After: 3600"))) as busy:

        async def call() -> None:
            async with Http(retries=Retries(times=3, wait=AT_ONCE)) as http:
                assert (await http.get(down.url)).status == 503
                assert len(down.asked) == 4
                assert (await http.get(down.url, retries=0)).status == 503
                assert len(down.asked) == 5
                assert (await http.get(busy.url)).headers["retry-after"] == "3600"
                assert len(busy.asked) == 1

        run(call())


async def broken(http: Http, url: str, told: str) -> None:
    with pytest.raises(CallBroken, match=told):
        await http.get(url)


def test_a_server_that_nobody_is_behind_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def call() -> None:
        async with Http(retries=Retries(wait=AT_ONCE)) as http:
            with pytest.raises(Unreachable, match="no connection"):
                await http.post(f"http://127.0.0.1:{port}/")
            with peer(b"no http at all\r\n\r\n") as server:
                await broken(http, server.url, "ProtocolError")
            with peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab") as server:
                await broken(http, server.url, "without sending complete")

    run(call())


def test_waits_grow_and_are_left_to_chance() -> None:
    backoff = Backoff(first=1.0, most=30.0)
    spread = [backoff.delay(2) for _ in range(500)]
    assert all(0 <= one <= 4 for one in spread)
    assert len(set(spread)) > 400
    assert min(spread) < 1
    assert max(spread) > 3
    assert max(backoff.delay(1000) for _ in range(500)) <= 30
    with pytest.raises(ValueError, match="not more than most"):
        Backoff(first=2.0, most=1.0)


def test_cookies_are_kept_only_when_that_is_asked_for(serve: Serve) -> None:
    app = App()

    @app.get("/")
    async def home(request: Request) -> Response:
        return Response(request.headers.get("cookie", "none"), headers={"set-cookie": "session=7; Path=/"})

    url = serve(app).url

    async def call() -> None:
        async with Http() as without, Http(cookies=True) as keeping:
            assert [(await without.get(url)).text for _ in range(2)] == ["none", "none"]
            assert [(await keeping.get(url)).text for _ in range(2)] == ["none", "session=7"]

    run(call())


def test_the_environment_counts_only_when_that_is_asked_for(
    films: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(status(200)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        async def call() -> None:
            async with Http() as http:
                assert (await http.get(f"{films}/films/1", Film)).id == 1
            assert proxy.asked == []
            for chosen in ("environment", proxy.url):
                async with Http(proxy=chosen) as http:
                    assert (await http.get(f"{films}/films/1")).text == "ok"
            assert [one.split(b" ")[1] for one in proxy.asked] == [f"{films}/films/1".encode()] * 2
            monkeypatch.setenv("no_proxy", "127.0.0.1")
            async with Http(proxy="environment") as http:
                assert (await http.get(f"{films}/films/1", Film)).id == 1

        run(call())


def test_connections_are_used_again_and_closed_at_the_end(serve: Serve) -> None:
    app = App()
    peers: list[Any] = []

    @app.get("/")
    async def home(request: Request) -> str:
        peers.append(request.client)
        return "ok"

    url = serve(app).url

    async def call() -> None:
        async with Http() as http:
            for _ in range(5):
                await http.get(url)
            assert len(set(peers)) == 1
        await http.get(url)  # opens a new one
        assert len(set(peers)) == 2
        await http.close()

    run(call())
    gc.collect()


def test_one_client_works_on_one_loop_after_the_other(films: str) -> None:
    http = Http(base_url=films)

    async def call() -> None:
        assert (await http.get("/films/1", Film)).id == 1
        await http.close()

    run(call())
    run(call())

    async def last() -> int:
        try:
            return (await http.get("/films/2", Film)).id
        finally:
            await http.close()

    assert wait(last()) == 2


@pytest.mark.row("AI16")
def test_pools_middleware_digest_pins_and_limits_for_a_host(serve: Serve, tmp_path: Path) -> None:
    """The client has: one pool, a limit for each host, middleware that sends again, Digest, pinned certificates."""
    app = App()
    state = {"now": 0, "most": 0, "token": "old", "refused": 0}

    @app.get("/slow")
    async def slow() -> str:
        state["now"] += 1
        state["most"] = max(state["most"], state["now"])
        await asyncio.sleep(0.05)
        state["now"] -= 1
        return "ok"

    @app.post("/guarded")
    async def guarded(request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer new":
            state["refused"] += 1
            return Response(b"", 401)
        return Response(await request.body())

    @app.get("/digest")
    async def digest(request: Request) -> Response:
        sent = request.headers.get("authorization", "")
        if not sent.startswith("Digest "):
            challenge = 'Digest realm="films", nonce="abc", qop="auth", algorithm=SHA-256'
            return Response(b"no", 401, {"www-authenticate": challenge})
        fields = dict(part.strip().split("=", 1) for part in sent[7:].split(","))
        fields = {name: value.strip('"') for name, value in fields.items()}
        hashed = lambda text: hashlib.sha256(text.encode()).hexdigest()  # noqa: E731 -- as in RFC 7616
        one, two = hashed("user:films:password"), hashed("GET:/digest")
        expected = hashed(f"{one}:abc:{fields['nc']}:{fields['cnonce']}:auth:{two}")
        return Response(b"in" if fields["response"] == expected else b"wrong")

    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = TLS(certfile=str(tmp_path / "cert.pem"), keyfile=str(tmp_path / "key.pem"))
    url, secure = serve(app).url, serve(app, ServerConfig(binds=("127.0.0.1:0",), tls=tls)).url
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())

    async def refresh(call: Call, next: Any) -> Any:
        call.headers["authorization"] = f"Bearer {state['token']}"
        reply = await next(call)
        if reply.status == 401:
            await reply.close()
            state["token"] = "new"
            call.headers["authorization"] = "Bearer new"
            reply = await next(call)
        return reply

    async def call() -> None:
        async with Http(limits=Limits(per_host=3)) as http:
            await asyncio.gather(*(http.get(f"{url}/slow") for _ in range(15)))
            assert state["most"] == 3
        async with Http(middleware=[refresh]) as http:
            assert (await http.post(f"{url}/guarded", content=b"body")).text == "body"
            assert (await http.post(f"{url}/guarded", content=b"again")).text == "again"
            assert state["refused"] == 1
        async with Http(auth=httpx2.DigestAuth("user", "password")) as http:
            assert (await http.get(f"{url}/digest")).text == "in"
        async with Http(retries=Retries(times=0)) as http:
            with pytest.raises(Unreachable, match="TLS failed"):
                await http.get(f"{secure}/slow")
        async with Http(tls=trusting, pin=[hashlib.sha256(der).hexdigest()]) as http:
            assert (await http.get(f"{secure}/slow")).text == "ok"
        async with Http(tls=trusting, pin=["00" * 32], retries=Retries(times=0)) as http:
            with pytest.raises(Unreachable, match="not pinned"):
                await http.get(f"{secure}/slow")

    run(call())


def test_an_option_that_is_not_known_is_told() -> None:
    with pytest.raises(TypeError, match=r"no base; it takes base_url"):
        Http(base="http://a")  # type: ignore[call-arg]


def test_text_is_decoded_as_it_says() -> None:
    for kind, body, expected in [
        (b"text/plain; charset=latin-1", b"\xe9", "é"),
        (b'text/plain; charset="UTF-8"', "é".encode(), "é"),
        (b"text/plain; charset=zlib", "é".encode(), "é"),
        (b"text/plain; charset=nonsense", b"\xff", "�"),
        (b"text/plain", b"\xc3\xa9", "é"),
    ]:
        reply = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: " + kind + b"\r\n\r\n" + body
        with peer(reply) as server:

            async def call(url: str = server.url, expected: str = expected) -> None:
                async with Http() as http:
                    assert (await http.get(url)).text == expected

            run(call())


def test_json_that_nests_without_end_is_a_failure_like_others() -> None:
    deep = b"[" * 100_000
    with peer(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + deep) as server:

        async def call() -> None:
            async with Http() as http:
                with pytest.raises(UnfitReply):
                    await http.get(server.url, list[Any])

        run(call())


def test_an_upload_of_a_file_is_read_while_it_is_sent(films: str, tmp_path: Path) -> None:
    (tmp_path / "score.pdf").write_bytes(b"x" * 300_000)

    async def call() -> None:
        async with Http(base_url=films) as http:
            with (tmp_path / "score.pdf").open("rb") as score:
                told = (await http.post("/upload", data={"title": "a"}, files={"score": score})).json()
        assert told == {"title": "a", "name": "score.pdf", "size": 300_000}

    run(call())

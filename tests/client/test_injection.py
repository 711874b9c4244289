"""What would break a request apart never leaves."""

from __future__ import annotations

import io
from typing import Any

import pytest
from client_rig import peer, run

from segue.client import Answers, CallBroken, Http

BREAKS = ["\r\nX-Evil: 1", "\n", "\r", "\x00", "\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def calls(evil: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    file = io.BytesIO(b"x")
    return {
        "method": (f"GET{evil}", "/", {}),
        "version": ("GET", f"/ HTTP/1.1{evil}", {}),
        "path": ("GET", f"/a{evil}b", {}),
        "host": ("GET", f"http://127.0.0.1{evil}/", {}),
        "header name": ("GET", "/", {"headers": {f"x{evil}": "1"}}),
        "header value": ("GET", "/", {"headers": {"x": f"1{evil}2"}}),
        "cookie name": ("GET", "/", {"cookies": {f"a{evil}": "1"}}),
        "cookie value": ("GET", "/", {"cookies": {"a": f"1{evil}"}}),
        "field name": ("POST", "/", {"data": {f"a{evil}": "1"}, "files": {"f": b"x"}}),
        "file field name": ("POST", "/", {"files": {f"a{evil}": b"x"}}),
        "file name": ("POST", "/", {"files": {"f": (f"a{evil}.txt", file)}}),
        "file type": ("POST", "/", {"files": {"f": ("a.txt", file, f"text/plain{evil}")}}),
    }


@pytest.mark.row("SEC-80")
@pytest.mark.parametrize("evil", BREAKS)
@pytest.mark.parametrize("where", list(calls("")))
def test_line_ends_anywhere_are_an_exception_and_nothing_is_sent(where: str, evil: str) -> None:
    method, url, options = calls(evil)[where]
    with peer(OK) as server:

        async def call() -> None:
            async with Http(base_url=server.url) as http:
                with pytest.raises(ValueError, match=r"method|URL|header|cookie|form"):
                    await http.request(method, url, **options)

        run(call())
        assert server.asked == []


@pytest.mark.parametrize("evil", BREAKS)
def test_those_of_the_client_are_refused_when_it_is_made(evil: str) -> None:
    with pytest.raises(ValueError, match="header"):
        Http(headers={"x": f"1{evil}2"})
    with pytest.raises(ValueError, match="URL"):
        Http(base_url=f"http://127.0.0.1/{evil}")


def test_a_websocket_is_as_careful() -> None:
    http = Http()
    for evil in BREAKS:
        with pytest.raises(ValueError, match="URL"):
            http.websocket(f"ws://127.0.0.1/{evil}")
        with pytest.raises(ValueError, match="header"):
            http.websocket("ws://127.0.0.1/", headers={"x": f"1{evil}"})
        with pytest.raises(ValueError, match="header"):
            http.websocket("ws://127.0.0.1/", origin=f"https://a{evil}")
        with pytest.raises(ValueError, match="header"):
            http.websocket("ws://127.0.0.1/", subprotocols=[f"a{evil}"])


def test_how_a_message_is_framed_is_not_for_callers() -> None:
    async def call() -> None:
        async with Http(answers=Answers({})) as http:
            for name in ("Content-Length", "Transfer-Encoding", "Connection"):
                with pytest.raises(ValueError, match="framed"):
                    await http.post("http://a/", headers={name: "5"}, content=b"x")

    run(call())


def test_middleware_is_held_to_the_same() -> None:
    async def evil(call: Any, next: Any) -> Any:
        call.headers.raw.append((b"x-raw", b"1\r\nX-Evil: 1"))
        return await next(call)

    with peer(OK) as server:

        async def call() -> None:
            async with Http(middleware=[evil]) as http:
                with pytest.raises(CallBroken, match="cannot be sent"):
                    await http.get(server.url)

        run(call())
        assert server.asked == []


def test_a_url_says_what_is_wrong_with_it() -> None:
    async def call() -> None:
        async with Http(answers=Answers({})) as http:
            for url, told in {
                "/films": "base_url",
                "ftp://a/": "http://",
                "http:///a": "host",
                "http://user:secret@a/": "auth=",
                "http://a:99999/": "port",
                "http://a/" + "a" * 40_000: "too long",
                "http://999.1/": "IPv4",
            }.items():
                with pytest.raises(ValueError, match=told) as raised:
                    await http.get(url)
                assert "\n" not in str(raised.value)

    run(call())

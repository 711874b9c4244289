from collections.abc import Callable, Mapping
from typing import Any

import pytest

from segue import App
from segue.core.middleware.proxies import Proxies
from segue.http.errors import SeeOther
from segue.http.forwarded import Hop
from segue.http.request import Request

Serve = Callable[[Any], Any]

SECRET = "a-long-secret-of-the-proxy"


def app_for(proxies: Proxies | None) -> App:
    app = App()
    if proxies is not None:
        app.middleware(proxies)

    @app.get("/me")
    async def me(request: Request) -> dict[str, Any]:
        return {
            "client": None if request.client is None else request.client[0],
            "scheme": request.scheme,
            "host": request.host,
            "url": str(request.url),
            "path": request.path,
            "prefix": request.prefix,
        }

    @app.get("/films/")
    async def films(request: Request) -> dict[str, str]:
        return {"self": request.url_for("films"), "film": request.url_for("film", id=7)}

    @app.get("/films/{id:int}")
    async def film(id: int) -> dict[str, int]:
        return {"id": id}

    @app.get("/go")
    async def go(request: Request) -> None:
        raise SeeOther(request.url_for("film", id=7))

    return app


def ask_me(serve: Serve, proxies: Proxies, headers: Mapping[str, str], path: str = "/me") -> dict[str, Any]:
    import json

    answer = serve(app_for(proxies)).get(path, {"host": "inner.example", **headers})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found


SPOOFED = {
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "evil.example",
    "x-forwarded-port": "444",
    "x-forwarded-prefix": "/evil",
    "forwarded": "for=6.6.6.6;proto=https;host=evil.example",
    "x-real-ip": "6.6.6.6",
}


@pytest.mark.row("SEC-78")
@pytest.mark.parametrize("header", ["x-forwarded", "forwarded", "x-real-ip"])
def test_what_an_untrusted_peer_says_is_ignored(serve: Serve, header: str) -> None:
    plain = serve(app_for(None)).get("/me", {"host": "inner.example", **SPOOFED})
    for proxies in (
        Proxies(header=header),
        Proxies(["10.0.0.0/8", "unix"], header=header, host=True, path_prefix=True),
    ):
        seen = ask_me(serve, proxies, SPOOFED)
        assert (seen["client"], seen["scheme"], seen["host"]) == ("127.0.0.1", "http", "inner.example")
        assert (seen["url"], seen["prefix"]) == ("http://inner.example/me", "")
    import json

    assert json.loads(plain.body) == seen


def test_the_peers_address_is_not_in_a_header(serve: Serve) -> None:
    # Claiming to be the proxy does not make one.
    claims = {"x-forwarded-for": "10.0.0.1, 10.0.0.1", "x-forwarded-proto": "https"}
    seen = ask_me(serve, Proxies(["10.0.0.1"]), claims)
    assert (seen["client"], seen["scheme"]) == ("127.0.0.1", "http")


def test_a_trusted_peer_is_believed_and_only_what_was_asked_for(serve: Serve) -> None:
    seen = ask_me(serve, Proxies(["127.0.0.0/8"]), {**SPOOFED, "x-forwarded-for": "192.0.2.7"})
    assert (seen["client"], seen["scheme"]) == ("192.0.2.7", "https")
    assert (seen["host"], seen["prefix"]) == ("inner.example", "")
    seen = ask_me(serve, Proxies(["127.0.0.1"], host=True, path_prefix=True), SPOOFED)
    assert (seen["host"], seen["prefix"]) == ("evil.example:444", "/evil")
    assert seen["url"] == "https://evil.example:444/evil/me"


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("10.9.9.9, 192.0.2.7, 10.1.2.3", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unknown", "unknown"),
        ("10.1.2.3", "10.1.2.3"),
    ],
)
def test_the_client_is_the_right_most_address_that_is_not_trusted(
    serve: Serve, chain: str, client: str
) -> None:
    proxies = Proxies(["127.0.0.1", "10.0.0.0/8"])
    assert ask_me(serve, proxies, {"x-forwarded-for": chain})["client"] == client
    elements = ", ".join(f'for="{node}"' if ":" in node else f"for={node}" for node in chain.split(", "))
    if "2001" not in chain or "[" in chain:
        proxies = Proxies(["127.0.0.1", "10.0.0.0/8"], header="forwarded")
        assert (
            ask_me(serve, proxies, {"forwarded": elements, "x-forwarded-for": "6.6.6.6"})["client"] == client
        )


@pytest.mark.row("FL22")
def test_one_hop_is_exactly_one(serve: Serve) -> None:
    one = Proxies(["*"], hops=1)
    spoofed = {"x-forwarded-for": "6.6.6.6, 192.0.2.7", "x-forwarded-proto": "http, https"}
    seen = ask_me(serve, one, spoofed)
    assert (seen["client"], seen["scheme"]) == ("192.0.2.7", "https")
    assert ask_me(serve, one, {"x-forwarded-for": "192.0.2.7"})["client"] == "192.0.2.7"
    assert ask_me(serve, one, {})["client"] == "127.0.0.1"
    two = Proxies(["*"], hops=2)
    assert ask_me(serve, two, {"x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.1"})["client"] == "192.0.2.7"
    # Fewer than there should be: it did not come through them.
    assert ask_me(serve, two, {"x-forwarded-for": "6.6.6.6"})["client"] == "127.0.0.1"
    # Unless the peer is trusted, the number of hops says nothing.
    assert ask_me(serve, Proxies(["10.0.0.1"], hops=1), spoofed)["client"] == "127.0.0.1"


@pytest.mark.row("SA19")
def test_forwarded_without_the_secret_is_ignored(serve: Serve) -> None:
    proxies = Proxies(secret=SECRET, header="forwarded", host=True)

    def seen(field: str) -> tuple[str, str, str]:
        found = ask_me(serve, proxies, {"forwarded": field, "x-forwarded-for": "6.6.6.6"})
        return found["client"], found["scheme"], found["host"]

    ignored = ("127.0.0.1", "http", "inner.example")
    told = ("192.0.2.7", "https", "films.example")
    said = "for=192.0.2.7;proto=https;host=films.example"
    assert seen(f"{said};secret={SECRET}") == told
    assert seen(f'{said};by="{SECRET}"') == told
    assert seen(f"for=6.6.6.6;host=evil.example, {said};secret={SECRET}") == told
    assert seen(f"{said};secret={SECRET}, for=10.0.0.1") == told
    for spoofed in (
        said,
        f"{said};secret=wrong",
        f"{said};secret={SECRET}x",
        f"{said};secret={SECRET[:-1]}",
        f"{said};secret=",
        f"{said};Secret-Is={SECRET}",
        f"for=6.6.6.6;secret=\u00e9{SECRET}",
        f"for=not an address;secret={SECRET}x",
        "for=",
        ";;;,,,",
    ):
        assert seen(spoofed) == ignored, spoofed


def test_the_number_of_proxies_and_a_real_ip_header(serve: Serve) -> None:
    real = Proxies(["127.0.0.1"], header="X-Real-IP")
    seen = ask_me(
        serve, real, {"x-real-ip": "192.0.2.7", "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "https"}
    )
    assert (seen["client"], seen["scheme"]) == ("192.0.2.7", "https")
    assert ask_me(serve, real, {"x-forwarded-for": "6.6.6.6"})["client"] == "127.0.0.1"
    counted = Proxies(["*"], hops=2, header="forwarded")
    field = "for=6.6.6.6, for=192.0.2.7;proto=https, for=10.0.0.1"
    seen = ask_me(serve, counted, {"forwarded": field})
    assert (seen["client"], seen["scheme"]) == ("192.0.2.7", "https")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "not an address"},
        {"x-forwarded-for": "1.2.3.4, <script>"},
        {"x-forwarded-proto": "java script"},
        {"x-forwarded-host": "a b"},
        {"x-forwarded-host": "example.com/evil?"},
        {"x-forwarded-for": ", ".join(["1.2.3.4"] * 40)},
        {"x-forwarded-prefix": "no-slash"},
        {"x-forwarded-prefix": "//evil.example"},
        {"x-forwarded-prefix": "/a b"},
        {"x-forwarded-prefix": "/" + "a" * 2000},
    ],
)
def test_what_cannot_be_read_is_a_400(serve: Serve, headers: Mapping[str, str]) -> None:
    proxies = Proxies(["127.0.0.1"], host=True, path_prefix=True)
    answer = serve(app_for(proxies)).get("/me", headers)
    assert answer.status == 400
    assert b"script" not in answer.body


def test_links_and_redirects_are_right_whether_the_proxy_strips_the_prefix_or_not(serve: Serve) -> None:
    import json

    told = {"host": "inner.example", "x-forwarded-proto": "https", "x-forwarded-host": "films.example"}
    by_header = Proxies(["127.0.0.1"], host=True, path_prefix=True)
    by_setting = Proxies(["127.0.0.1"], host=True, prefix="/api")
    for proxies, prefix, headers in (
        (by_header, "", {**told, "x-forwarded-prefix": "/api"}),
        (by_setting, "", told),
        (by_setting, "/api", told),
    ):
        ask = serve(app_for(proxies))
        links = json.loads(ask.get(f"{prefix}/films/", headers).body)
        assert links == {
            "self": "/api/films/",
            "film": "/api/films/7",
        }
        seen = json.loads(ask.get(f"{prefix}/me?x=1", headers).body)
        assert seen["url"] == "https://films.example/api/me?x=1"
        assert seen["path"] == "/me"
        slash = ask.get(f"{prefix}/films?page=2", headers)
        assert (slash.status, slash.headers["location"]) == (308, "/api/films/?page=2")
        assert ask.get(f"{prefix}/go", headers).headers["location"] == "/api/films/7"
        assert ask.get(f"{prefix}/films/7", headers).body == b'{"id":7}'
    # The prefix itself is the root; another path that begins with the same letters is not below it.
    ask = serve(app_for(by_setting))
    assert ask.get("/api", told).status == 404
    assert ask.get("/apifilms/", told).status == 404
    escaped = json.loads(ask.get("/%61pi/me?x=/a/b", told).body)
    assert escaped["url"] == "https://films.example/api/me?x=/a/b"


def test_a_prefix_that_the_proxy_took_off_is_not_taken_off_again(serve: Serve) -> None:
    proxies = Proxies(["127.0.0.1"], path_prefix=True)
    app = app_for(proxies)

    @app.get("/api/films/")
    async def inner(request: Request) -> str:
        return request.url.path

    ask = serve(app)
    assert ask.get("/api/films/", {"x-forwarded-prefix": "/api"}).body == b"/api/api/films/"
    assert ask.get("/api/films/", {"x-forwarded-prefix": "/api/"}).body == b"/api/api/films/"
    assert ask.get("/api/films/", {"x-forwarded-prefix": "/"}).body == b"/api/films/"


def app_that_tells(proxies: Proxies | None) -> App:
    app = App()
    if proxies is not None:
        app.middleware(proxies)

    @app.get("/route")
    async def route(request: Request) -> dict[str, Any]:
        return {
            "remote": (request.remote or ("",))[0],
            "client": (request.client or ("",))[0],
            "route": request.access_route,
            "claimed": [(hop.client, hop.proto, hop.host, hop.by, hop.port) for hop in request.forwarded],
            "url": str(request.url),
        }

    return app


def told(serve: Serve, proxies: Proxies | None, headers: Mapping[str, str], path: str = "/route") -> Any:
    import json

    answer = serve(app_that_tells(proxies)).get(path, {"host": "inner.example", **headers})
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


FORWARDED = 'for=192.0.2.7;proto=https;host=films.example;by="[2001:db8::1]:443", for="[2001:DB8:CAFE::17]:4711", for=10.0.0.2'


@pytest.mark.row("FC12")
def test_the_header_is_read_and_believed_only_from_who_is_trusted(serve: Serve) -> None:
    claimed = [
        ["192.0.2.7", "https", "films.example", "[2001:db8::1]:443", None],
        ["2001:db8:cafe::17", "", "", "", 4711],
        ["10.0.0.2", "", "", "", None],
    ]
    # Nobody is trusted: the header can be read, and changes nothing.
    for proxies in (None, Proxies(["10.0.0.0/8"], header="forwarded", host=True)):
        seen = told(serve, proxies, {"forwarded": FORWARDED})
        assert seen == {
            "remote": "127.0.0.1",
            "client": "127.0.0.1",
            "route": ["127.0.0.1"],
            "claimed": claimed,
            "url": "http://inner.example/route",
        }
    # The proxies are trusted: the route begins at the client, the URL is the one that it asked for.
    proxies = Proxies(
        ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"], header="forwarded", host=True, path_prefix=True
    )
    headers = {"forwarded": FORWARDED, "x-forwarded-prefix": "/cinema"}
    seen = told(serve, proxies, headers, "/route?page=2")
    assert seen == {
        "remote": "127.0.0.1",
        "client": "192.0.2.7",
        "route": ["192.0.2.7", "2001:db8:cafe::17", "10.0.0.2", "127.0.0.1"],
        "claimed": claimed,
        "url": "https://films.example/cinema/route?page=2",
    }
    # What the client wrote before the first trusted proxy is no part of the route, and the peer is never in a header.
    seen = told(serve, proxies, {"forwarded": f"for=6.6.6.6;host=evil.example, {FORWARDED}"})
    assert seen["route"] == ["192.0.2.7", "2001:db8:cafe::17", "10.0.0.2", "127.0.0.1"]
    assert (seen["remote"], seen["url"]) == ("127.0.0.1", "https://films.example/route")
    # The older family of headers tells the same.
    older = Proxies(["127.0.0.1", "10.0.0.0/8"], host=True)
    headers = {
        "x-forwarded-for": "6.6.6.6, 192.0.2.7, 10.0.0.2",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "films.example",
        "x-forwarded-port": "8443",
    }
    seen = told(serve, older, headers)
    assert seen["route"] == ["192.0.2.7", "10.0.0.2", "127.0.0.1"]
    assert (seen["remote"], seen["url"]) == ("127.0.0.1", "https://films.example:8443/route")
    seen = told(serve, None, headers)
    assert (seen["client"], seen["remote"], seen["route"]) == ("127.0.0.1", "127.0.0.1", ["127.0.0.1"])
    assert [one[0] for one in seen["claimed"]] == ["6.6.6.6", "192.0.2.7", "10.0.0.2"]


def test_what_is_claimed_and_cannot_be_read_is_nothing() -> None:
    def claims(**fields: str) -> tuple[Hop, ...]:
        headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
        return Request("GET", "/", headers).forwarded

    assert claims() == ()
    assert claims(forwarded="for=") == claims(forwarded="for=a b") == claims(x_forwarded_for="x y") == ()
    assert claims(forwarded=", ".join(["for=1.2.3.4"] * 40)) == ()
    # Who writes the standard one means it.
    assert claims(forwarded="for=1.2.3.4", x_forwarded_for="6.6.6.6") == (Hop(client="1.2.3.4"),)
    request = Request("GET", "/", [])
    assert (request.remote, request.access_route) == (None, ())


def test_a_client_that_goes_away_is_seen_through_the_proxy() -> None:
    import asyncio

    from segue.http.connection import Connection
    from segue.http.response import Response

    real = Connection("http", ("127.0.0.1", 1))
    request = Request("GET", "/", [(b"x-forwarded-for", b"192.0.2.7")], connection=real)

    async def end(request: Request) -> Response:
        before = request.disconnected
        real.closed = True
        return Response(f"{before} {request.disconnected} {request.client}")

    assert asyncio.run(Proxies(["127.0.0.1"])(request, end)).body == b"False True ('192.0.2.7', 0)"


def test_peers_on_a_unix_socket_and_mapped_addresses() -> None:
    proxies = Proxies(["unix", "10.0.0.0/8", "2001:db8::/32"])
    for address in ("unix", "10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"):
        assert proxies._trusts(address), address
    for address in ("11.1.2.3", "::ffff:11.1.2.3", "2001:db9::1", "", "unknown", "10.1.2.3.evil.example"):
        assert not proxies._trusts(address), address


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"trusted": ["*"]}, "hops=1"),
        ({"trusted": "10.0.0.1"}, "list"),
        ({"trusted": ["proxy.example"]}, "proxy.example"),
        ({"trusted": ["10.0.0.1"], "hops": 0}, "from 1"),
        ({"secret": "short", "header": "forwarded"}, "16 characters"),
        ({"secret": SECRET}, 'header="forwarded"'),
        ({"prefix": "api"}, "slash"),
        ({"prefix": "/api/"}, "slash"),
        ({"prefix": "//api"}, "slash"),
    ],
)
def test_what_would_trust_too_much_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises((ValueError, TypeError), match=told):
        Proxies(**options)

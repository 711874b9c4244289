"""What a site insists on: hosts, HTTPS, and what its pages may load."""

import re
import socket
from typing import Any

import pytest

from segue import App, Proxies, Request, Response
from segue.security import CSP, Hosts, MemorySessions, Security, Session, Sessions, csp_nonce
from segue.testing import Client, LiveServer


def site(*plugins: Any) -> App:
    app = App(plugins=plugins)

    @app.get("/")
    async def index() -> str:
        return "plain"

    @app.get("/page")
    async def page(request: Request) -> Response:
        return Response(f'<script nonce="{csp_nonce(request)}"></script>', content_type="text/html")

    @app.get("/own")
    async def own() -> Response:
        return Response("own", headers={"content-security-policy": "default-src 'self'"})

    @app.get("/health")
    async def health() -> str:
        return "well"

    if any(isinstance(one, Sessions) for one in plugins):

        @app.get("/session")
        async def session(session: Session) -> str:
            return "session"

    @app.post("/write")
    async def write() -> str:
        return "written"

    return app


def sessions(key: str) -> Sessions:
    return Sessions(MemorySessions(), key=key)


# --- hosts -----------------------------------------------------------------------------------------------------------


@pytest.mark.row("SEC-8")
def test_a_host_matches_exactly_or_not_at_all(key: str, ask: Any) -> None:
    app = site(
        Security(hosts=["example.com", "*.shop.example", "[::1]", "port.example:8000"], https=False),
        sessions(key),
    )
    good = [
        "example.com",
        "EXAMPLE.com",
        "example.com.",
        "example.com:8000",
        "a.shop.example",
        "a.b.shop.example",
    ]
    good += ["[::1]", "[::1]:8000", "port.example:8000"]
    bad = ["exampleXcom", "example.com.evil.example", "evilexample.com", "shop.example", "port.example:8001"]
    bad += [
        "evil.example",
        "example.com@evil.example",
        "example.com/x",
        "example.com evil",
        "[::2]",
        "127.0.0.1",
        ".example.com",
    ]
    with LiveServer(app) as server:
        for host in good:
            assert ask(server, "GET", "/", {"host": host}).status == 200, host
        for host in bad:
            assert ask(server, "GET", "/", {"host": host}).status == 400, host
            forwarded = {"host": host, "x-forwarded-host": "example.com"}
            assert ask(server, "GET", "/", forwarded).status == 400, host
        with socket.create_connection((server.host, server.port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\nx-forwarded-host: example.com\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_sessions_answer_for_this_machine_until_they_are_told_more(
    key: str, ask: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with LiveServer(site(sessions(key))) as server:
        for host in ("localhost", "127.0.0.1:80", "[::1]", "a.localhost"):
            assert ask(server, "GET", "/session", {"host": host}).status == 200
        for method, path in (("GET", "/session"), ("POST", "/write")):
            refused = ask(server, method, path, {"host": "evil.example"})
            assert (refused.status, "SECURITY_HOSTS" in refused.text) == (400, True)
        # A page that has nothing to lose is not asked about.
        assert ask(server, "GET", "/", {"host": "evil.example"}).status == 200
    monkeypatch.setenv("SECURITY_HOSTS", "example.com, www.example.com")
    with LiveServer(site(sessions(key))) as server:
        assert ask(server, "GET", "/session", {"host": "www.example.com"}).status == 200
        assert ask(server, "GET", "/session", {"host": "localhost"}).status == 400
    with LiveServer(site(sessions(key), Hosts(["own.example"]))) as server:
        assert ask(server, "GET", "/session", {"host": "own.example"}).status == 200


# --- HTTPS -----------------------------------------------------------------------------------------------------------


def test_http_is_sent_on_to_https_and_browsers_remember_it(ask: Any) -> None:
    app = site(Security(hosts=["example.com"], subdomains=True, exempt=["/health"]))
    app.middleware(Proxies(["127.0.0.1"]), before=Security)
    with LiveServer(app) as server:
        sent_on = ask(server, "GET", "/page?a=1%20b", {"host": "example.com:80"})
        assert (sent_on.status, sent_on.headers["location"]) == (308, "https://example.com/page?a=1%20b")
        assert "strict-transport-security" not in sent_on.headers
        assert ask(server, "POST", "/write", {"host": "example.com"}).status == 308
        assert ask(server, "GET", "/health", {"host": "10.0.0.7"}).text == "well"
        behind = {"host": "example.com", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.1"}
        secure = ask(server, "GET", "/", behind)
        assert secure.status == 200
        assert secure.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        missing = ask(server, "GET", "/nowhere", behind)
        assert (missing.status, "strict-transport-security" in missing.headers) == (404, True)


def test_this_machine_may_use_http_and_so_may_who_develops() -> None:
    with Client(site(Security())) as client:
        assert client.get("/").status == 200
    developed = site(Security(hosts=["example.com"]))
    developed.development = True
    with Client(developed, base_url="http://example.com") as client:
        assert client.get("/").status == 200
    with Client(site(Security(hosts=["example.com"])), base_url="http://example.com") as client:
        assert client.get("/").status == 308
    with Client(site(Security(hosts=["example.com"], hsts=0)), base_url="https://example.com") as client:
        assert "strict-transport-security" not in client.get("/").headers


# --- the policy ------------------------------------------------------------------------------------------------------


@pytest.mark.row("FLX11")
def test_every_response_has_a_strict_policy_and_pages_that_ask_a_nonce(key: str) -> None:
    with Client(site(Security(hosts=["localhost"]), sessions(key)), base_url="https://localhost") as client:
        for path, status in (("/", 200), ("/nowhere", 404)):
            response = client.get(path)
            assert response.status == status
            fields = response.headers
            assert fields["content-security-policy"].startswith(
                "default-src 'none'; script-src 'none'; style-src 'self'; "
            )
            assert fields["x-content-type-options"] == "nosniff"
            assert fields["referrer-policy"] == "strict-origin-when-cross-origin"
            assert fields["x-frame-options"] == "DENY"
            assert fields["cross-origin-opener-policy"] == "same-origin"
            assert fields["strict-transport-security"] == "max-age=31536000"
            assert "camera=()" in fields["permissions-policy"]
        seen = set()
        for _ in range(3):
            page = client.get("/page")
            nonce = re.search('nonce="([^"]{22})"', page.text)
            assert nonce
            seen.add(nonce[1])
            policy = page.headers["content-security-policy"]
            assert (
                f"script-src 'nonce-{nonce[1]}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce[1]}'"
                in policy
            )
            assert "frame-ancestors 'none'; base-uri 'none'; object-src 'none'" in policy
            assert page.headers["cache-control"] == "private"
        assert len(seen) == 3
        assert client.get("/own").headers["content-security-policy"] == "default-src 'self'"


@pytest.mark.row("FLX11")
def test_the_preflight_of_another_origin_is_answered(key: str) -> None:
    """Beside the policy: what scripts of other origins may do is said once, for errors too."""
    from segue import Cors

    app = site(Security(hosts=["localhost"], https=False))
    app.middleware(Cors(["https://app.example"]))
    with Client(app) as client:
        asked = {"origin": "https://app.example", "access-control-request-method": "PUT"}
        preflight = client.options("/write", headers=asked)
        assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (
            204,
            "https://app.example",
        )
        assert "PUT" in preflight.headers["access-control-allow-methods"]


def test_directives_are_changed_one_by_one() -> None:
    csp = CSP(img_src=["'self'", "https://images.example"], object_src=None, upgrade_insecure_requests=[])
    assert "img-src 'self' https://images.example; " in csp.plain
    assert "object-src" not in csp.plain
    assert csp.plain.endswith("; upgrade-insecure-requests")
    assert csp.with_nonce("abc").count("'nonce-abc'") == 2
    assert "'nonce'" not in csp.with_nonce("abc") + csp.plain
    with Client(site(Security(csp=CSP(report_only=True), https=False))) as client:
        fields = client.get("/page").headers
        assert "'nonce-" in fields["content-security-policy-report-only"]
        assert "content-security-policy" not in fields
    with Client(site(Security(csp=None, permissions="", https=False))) as client:
        page = client.get("/page")
        assert "content-security-policy" not in page.headers
        assert 'nonce=""' in page.text
    for bad, error in (
        ({"img_src": "x"}, TypeError),
        ({"img_src": ["a b"]}, ValueError),
        ({"img_src": ["a;b"]}, ValueError),
    ):
        with pytest.raises(error):
            CSP(**bad)
    with pytest.raises(ValueError, match="no directive"):
        CSP(**{"x; script-src *": ["*"]})

"""A field whose name has an underscore never passes for the one with hyphens that a proxy guards (CVE-2026-3902)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from segue.testing import Client, LiveServer

sys.path.insert(0, str(Path(__file__).parent))

from carriers import SERVERS, exchange, serving
from scenarios import make_app

SENT = (("X-Forwarded-For", "1.2.3.4"), ("X_Forwarded_For", "6.6.6.6"), ("X_Auth_User", "root"))
LINES = "".join(f"{name}: {value}\r\n" for name, value in SENT)
REQUEST = f"GET /echo HTTP/1.1\r\nHost: a\r\n{LINES}Connection: close\r\n\r\n".encode()

# What these make of the request has both names as one, before Segue sees it. cheroot has a reader that drops such
# fields (DropUnderscoreHeaderReader), to be chosen by who runs it; wsgiref is for development.
LOSSY = frozenset({"cheroot", "wsgiref"})


def agrees(body: bytes) -> None:
    """Dropped or kept distinct. waitress drops X-Forwarded-For too, unless it trusts the peer."""
    seen = dict(json.loads(body)["headers"])
    assert seen.get("x-forwarded-for", ["1.2.3.4"]) == ["1.2.3.4"]
    assert "x-auth-user" not in seen
    assert seen.get("x_forwarded_for", ["6.6.6.6"]) == ["6.6.6.6"]
    assert seen.get("x_auth_user", ["root"]) == ["root"]


@pytest.mark.row("SEC-10")
def test_native() -> None:
    """That a mounted WSGI application is not fooled either: tests/server/test_mount.py."""
    with LiveServer(make_app()) as server:
        agrees(exchange(server.port, REQUEST, "GET").body)


@pytest.mark.row("SEC-10")
def test_in_process() -> None:
    with Client(make_app()) as client:
        agrees(client.get("/echo", headers=SENT).content)


@pytest.mark.row("SEC-10")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.requires(server.needs))
        for name, server in SERVERS.items()
        if name not in LOSSY
    ],
)
def test_under_other_servers(name: str) -> None:
    with serving(SERVERS[name]) as port:
        agrees(exchange(port, REQUEST, "GET").body)

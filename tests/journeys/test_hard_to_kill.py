"""What `segue new --site` makes, served over TLS on its first run: the Observatory gives A+, and attackers change little."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from observatory import Seen, grade, scan, score
from process_rig import PATIENCE, Segue, segue

HOST = "shop.example"
ATTACK = r'''
"""What attackers do: connects as many ways as it is told, says "there", and goes on until its input ends."""
import errno, resource, select, socket, ssl, sys, threading, time

port = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
context = ssl.create_default_context(cafile=sys.argv[2])
GARBAGE = [b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\xff\xff" + b"\0" * 40, b"GET / HTTP/1.1\r\n\r\n", b"\x80\x2e\x01\x03\x01", b""]


def dial():
    raw = socket.create_connection(("127.0.0.1", port), 30)
    return context.wrap_socket(raw, server_hostname="shop.example")


slow, idle = [], []
for _ in range(500):
    sock = dial()
    sock.sendall(b"GET /health HTTP/1.1\r\nHost: shop.example\r\n\r\n")
    assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
    idle.append(sock)
for number in range(1_000):
    sock = dial()
    sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.exam" if number % 2 else
                 b"POST /login HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\na")
    slow.append(sock)
print("there", flush=True)

broken = 0
def break_handshakes():
    global broken
    for number in range(2_500):
        try:
            with socket.create_connection(("127.0.0.1", port), 30) as sock:
                sock.sendall(GARBAGE[number % len(GARBAGE)])
                if number % 3:
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(4096):
                        pass
        except ConnectionResetError:
            pass
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        broken += 1

def trickle():
    while True:
        time.sleep(1)
        for sock in slow:
            try:
                sock.sendall(b"x")  # never enough
            except OSError:
                pass  # the server has cut it, which is its right

threading.Thread(target=trickle, daemon=True).start()
threads = [threading.Thread(target=break_handshakes) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(broken, flush=True)
sys.stdin.read()
'''


class Site:
    """A new project that is served twice: over HTTP, and over HTTPS."""

    def __init__(self, plain: Segue, secure: Segue, authority: Path) -> None:
        self.plain = plain
        self.secure = secure
        self.authority = authority
        self.trusting = ssl.create_default_context(cafile=str(authority))

    def connect(self) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.secure.port), PATIENCE)
        return self.trusting.wrap_socket(raw, server_hostname=HOST)

    def ask(self) -> float:
        """The seconds that a visitor waits for the page of the login, on a new connection."""
        began = time.perf_counter()
        with self.connect() as sock:
            sock.sendall(f"GET /login HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            received = b""
            while data := sock.recv(65536):
                received += data
        assert received.startswith(b"HTTP/1.1 200 "), received[:200]
        return time.perf_counter() - began


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("new")
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "pem"))
    authority.cert_pem.write_to_path(str(folder / "ca"))
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SECURITY_HOSTS": HOST,
        "AUTH_ORIGIN": f"https://{HOST}",
        "MAIL_URL": "memory:",
    }
    for words, at in ((("new", "shop", "--site"), folder), (("db", "migrate"), folder / "shop")):
        subprocess.run(
            [sys.executable, "-m", "segue", *words],
            cwd=at,
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
        )
    project = folder / "shop"
    with (
        segue("serve", "--port", "0", cwd=project, env=environment) as plain,
        segue(
            "serve", "--port", "0", "--certfile", str(folder / "pem"), cwd=project, env=environment
        ) as secure,
    ):
        yield Site(plain.ready(), secure.ready(), folder / "ca")


@pytest.mark.row("BEY-10")
def test_the_observatory_gives_a_plus(site: Site) -> None:
    modifiers = score(scan(HOST, site.plain.port, site.connect))
    assert [name for name, one in modifiers.items() if one < 0] == []
    assert grade(modifiers) == "A+"


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({}, "A+"),
        ({"content-security-policy": None}, "B"),
        ({"content-security-policy": "default-src *"}, "B+"),
        ({"content-security-policy": "script-src 'self' 'unsafe-inline'; object-src 'none'"}, "B+"),
        ({"strict-transport-security": "max-age=60"}, "A+"),  # 90 are left, and what is better counts again
        ({"strict-transport-security": None}, "B+"),
        ({"x-content-type-options": None, "strict-transport-security": None}, "B"),
        (
            {
                "access-control-allow-origin": "https://observatory.example",
                "access-control-allow-credentials": "true",
            },
            "C",
        ),
    ],
)
def test_the_scoring_sees_what_is_missing(changed: dict[str, str | None], lost: str) -> None:
    good = {
        "content-security-policy": "default-src 'none'; script-src 'nonce-x'; form-action 'self'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    headers = {name: value for name, value in {**good, **changed}.items() if value is not None}
    assert grade(score(Seen(f"https://{HOST}/", HOST, headers, [], "<script src=/own.js></script>"))) == lost


def test_the_scoring_sees_cookies_scripts_and_redirections() -> None:
    def scored(**given: object) -> dict[str, int]:
        return score(Seen(f"https://{HOST}/", HOST, {}, [], "")._replace(**given))  # type: ignore[arg-type]

    assert scored(cookies=["session=1; Secure; HttpOnly; SameSite=Lax"])["cookies"] == 5
    assert scored(cookies=["session=1; Secure"])["cookies"] == -30
    assert scored(cookies=["session=1; HttpOnly; SameSite=Lax"])["cookies"] == -40
    assert scored(cookies=["a=1; Secure"])["cookies"] == 0
    assert scored(body="<script src='https://cdn.example/x.js'></script>")["subresource-integrity"] == -5
    assert scored(first_redirect=None)["redirection"] == -20
    assert scored(first_redirect="https://www.shop.example/")["redirection"] == -5
    assert scored()["x-frame-options"] == -20


@pytest.mark.row("BEY-10")
def test_a_thousand_slow_clients_ten_thousand_broken_handshakes_and_who_is_idle(
    site: Site, pace: Callable[[], float]
) -> None:
    site.ask()
    attack = subprocess.Popen(
        [sys.executable, "-c", ATTACK, str(site.secure.port), str(site.authority)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    took: list[float] = []
    try:
        assert attack.stdout is not None
        assert attack.stdout.readline() == "there\n"
        for _ in range(300):
            took.append(site.ask())
            time.sleep(0.01)
        assert attack.stdout.readline() == "10000\n"
        took += [site.ask() for _ in range(100)]
    finally:
        attack.kill()
        attack.communicate()
    took.sort()
    assert took[-5] < 0.1 * pace(), "99 of 100 within a tenth of a second, each with a connection of its own"
    assert site.secure.process.poll() is None
    assert " error " not in site.secure.output, "nothing that a client does wrong is our error"

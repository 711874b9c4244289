"""TLS: certificates, clients' certificates, broken handshakes, and plain HTTP on the wrong port."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from process_rig import PATIENCE, open_socket, segue, serve, until

PROGRAM = """
import time
from segue import App, Request, Threads

app = App(threads=Threads(size=10))


@app.get("/")
async def home(request: Request) -> str:
    return request.scheme


@app.get("/thread")
def thread() -> str:
    time.sleep(0.01)
    return "from a thread"
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> tuple[str, ...]:
    """The options that name a certificate of `authority`."""
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    for index, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(tmp_path / "cert.pem", append=index > 0)
    return "--certfile", str(tmp_path / "cert.pem"), "--keyfile", str(tmp_path / "key.pem")


def ask(port: int, context: ssl.SSLContext) -> tuple[int, str]:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    try:
        connection.request("GET", "/", headers={"connection": "close"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_a_certificate_is_served_with_todays_versions_only(
    tmp_path: Path, files: tuple[str, ...], authority: trustme.CA
) -> None:
    with serve(PROGRAM, tmp_path, *files) as server:
        assert "https://127.0.0.1:" in server.output
        assert ask(server.port, trusting(authority)) == (200, "https")
        old = trusting(authority)
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            old.minimum_version = ssl.TLSVersion.TLSv1
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, OSError)):
            ask(server.port, old)
        assert ask(server.port, trusting(authority)) == (200, "https")


def test_clients_must_show_a_certificate_where_they_are_asked_to(
    tmp_path: Path, files: tuple[str, ...], authority: trustme.CA
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serve(PROGRAM, tmp_path, *files, "--ca-certs", str(tmp_path / "ca.pem")) as server:
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            ask(server.port, trusting(authority))
        with_certificate = trusting(authority)
        authority.issue_cert("client@example.com").configure_cert(with_certificate)
        assert ask(server.port, with_certificate) == (200, "https")
        with_foreign_one = trusting(authority)
        trustme.CA().issue_cert("client@example.com").configure_cert(with_foreign_one)
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            ask(server.port, with_foreign_one)
        assert "Traceback" not in server.output
        assert "error" not in server.output


def test_a_certificate_for_development_is_made_on_the_spot(tmp_path: Path) -> None:
    with serve(PROGRAM, tmp_path, "--cert", "adhoc") as server:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        assert ask(server.port, context) == (200, "https")


def test_without_the_library_for_it_the_reason_is_told(tmp_path: Path) -> None:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "cryptography.py").write_text("raise ImportError", encoding="utf-8")
    arguments = ("serve", "served:app", "--port", "0", "--cert", "adhoc")
    with segue(*arguments, cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}:{pythonpath()}"}) as server:
        assert server.wait() == 1
        assert "pip install cryptography" in server.output


def pythonpath() -> str:
    import os
    import sys

    return os.pathsep.join(sys.path)


def test_plain_http_on_the_tls_port_is_told_so(tmp_path: Path, files: tuple[str, ...]) -> None:
    with serve(PROGRAM, tmp_path, *files) as server, open_socket(server.port) as sock:
        sock.settimeout(PATIENCE)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        pieces = []
        while piece := sock.recv(4096):
            pieces.append(piece)
        answer = b"".join(pieces)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.endswith(b"https:// instead\n")


@pytest.mark.parametrize(
    ("cert", "key", "told"),
    [
        ("nowhere.pem", "key.pem", "nowhere.pem cannot be read"),
        ("key.pem", "key.pem", "are not usable"),
        ("other.pem", "key.pem", "are not usable"),
    ],
)
def test_a_certificate_that_is_not_usable_is_told(
    tmp_path: Path, files: tuple[str, ...], cert: str, key: str, told: str
) -> None:
    trustme.CA().issue_cert("localhost").cert_chain_pems[0].write_to_path(tmp_path / "other.pem")
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    arguments = ("--certfile", str(tmp_path / cert), "--keyfile", str(tmp_path / key))
    with segue("serve", "served:app", "--port", "0", *arguments, cwd=tmp_path) as server:
        assert server.wait() == 1
        assert told in server.output
        assert "Traceback" not in server.output


def test_a_renewed_certificate_is_served_after_a_reload(
    tmp_path: Path, files: tuple[str, ...], authority: trustme.CA
) -> None:
    import signal

    with serve(PROGRAM, tmp_path, *files, "--workers", "2") as server:
        first = set(server.workers)
        new_authority = trustme.CA()
        renewed = new_authority.issue_cert("localhost", "127.0.0.1")
        renewed.private_key_pem.write_to_path(tmp_path / "key.pem")
        renewed.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
        assert ask(server.port, trusting(authority)) == (200, "https")
        server.signal(signal.SIGHUP)
        until(lambda: len(server.workers) == 2 and not set(server.workers) & first, "new workers only")
        assert ask(server.port, trusting(new_authority)) == (200, "https")


def test_a_client_that_never_begins_its_handshake_does_not_hold_up_the_end(
    tmp_path: Path, files: tuple[str, ...], authority: trustme.CA
) -> None:
    with serve(PROGRAM, tmp_path, *files, "--grace", "20") as server:
        silent = open_socket(server.port)
        assert ask(server.port, trusting(authority)) == (200, "https")
        began = time.monotonic()
        server.process.terminate()
        assert server.wait() == 0
        silent.close()
        assert time.monotonic() - began < 5


GARBAGE = (
    b"\x16\x03\x01\x00\x05hello",  # a handshake record that holds none
    b"\x16\x03\x01\xff\xff" + b"\0" * 40,
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x80\x2e\x01\x03\x01",  # SSL 2
    b"",
)


@pytest.mark.row("U16")
def test_idle_connections_and_ten_thousand_broken_handshakes_starve_nobody(
    tmp_path: Path, files: tuple[str, ...], authority: trustme.CA, pace: Callable[[], float]
) -> None:
    with serve(PROGRAM, tmp_path, "--keep-alive", "60") as plain:
        idle = []
        for _ in range(500):
            sock = open_socket(plain.port, b"GET /thread HTTP/1.1\r\nHost: a\r\n\r\n")
            assert sock.recv(4096).startswith(b"HTTP/1.1 200 ")
            idle.append(sock)
        times = []
        for _ in range(5):
            began = time.monotonic()
            assert plain.get("/thread") == (200, "from a thread")
            times.append(time.monotonic() - began)
        for sock in idle:
            sock.close()
        assert sorted(times)[2] < 0.1 * pace(), "the median of five, with ten threads and 500 who wait"
    with serve(PROGRAM, tmp_path, *files) as server:
        port = server.port
        broken: list[int] = []
        clients = [threading.Thread(target=break_handshakes, args=(port, 2_500, broken)) for _ in range(4)]
        for client in clients:
            client.start()
        assert ask(port, trusting(authority)) == (200, "https")
        for client in clients:
            client.join()
        assert sum(broken) == 10_000
        assert ask(port, trusting(authority)) == (200, "https")
        assert server.process.poll() is None
        assert len(server.lines) == 1, server.output  # nothing that a client does wrong is our error


def break_handshakes(port: int, count: int, broken: list[int]) -> None:
    """Appends `count` when all of them were broken: a thread that dies has broken fewer than it should."""
    for number in range(count):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
            try:
                sock.sendall(GARBAGE[number % len(GARBAGE)])
                if number % 3:
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(4096):
                        pass
            except ConnectionResetError:
                pass
            except OSError as error:
                if error.errno != errno.ENOTCONN:  # the server had reset it before we ended our side
                    raise
    broken.append(count)

"""Certificates of clients: what our server and trusted proxies know of them, and signing in with one."""

from __future__ import annotations

import base64
import datetime
import http.client
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trustme
from cryptography import x509
from people import KEY, PASSWORD

import segue
from segue import App, Proxies, Request
from segue.auth import Accounts, LoginRequired
from segue.auth.certificates.plugin import ClientCertificates
from segue.auth.external.source import Source
from segue.core.identity import identity_of
from segue.security import MemorySessions, SessionCookie, Sessions
from segue.testing import Client, expected_log

NGINX = "x-ssl-client-cert"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def pem_of(authority: trustme.CA, *addresses: str, **more: Any) -> str:
    return authority.issue_cert(*addresses, **more).cert_chain_pems[0].bytes().decode()


def der_of(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(x509_encoding())


def x509_encoding() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def fields(pem: str) -> dict[str, str]:
    inside = base64.b64encode(der_of(pem)).decode()
    return {
        "RFC 9440": f":{inside}:",
        "nginx": quote(pem),
        "apache": " ".join(pem.split("\n")),
        "haproxy": inside,
        "traefik": quote(inside),
        "traefik, a chain": quote(f"{inside},{inside}"),
    }


def shown(trusted: str = "127.0.0.1", **options: Any) -> App:
    app = App()
    app.middleware(Proxies([trusted], certificate=NGINX, **options))

    @app.get("/")
    async def home(request: Request) -> str:
        return (request.connection.certificate or b"").hex()

    return app


@pytest.mark.parametrize("kind", ["RFC 9440", "nginx", "apache", "haproxy", "traefik", "traefik, a chain"])
def test_a_trusted_proxy_says_what_the_client_has_shown(authority: trustme.CA, kind: str) -> None:
    pem = pem_of(authority, "ann@example.org")
    given = {NGINX: fields(pem)[kind], "x-forwarded-for": "192.0.2.7"}
    with Client(shown()) as client:
        assert client.get("/", headers=given).text == der_of(pem).hex()
        assert client.get("/", headers={"x-forwarded-for": "192.0.2.7"}).text == ""
        assert client.get("/", headers={**given, NGINX: ""}).text == ""
    with Client(shown("10.0.0.1")) as client:
        assert client.get("/", headers=given).text == ""


@pytest.mark.parametrize(
    "said",
    ["x", ":::", "-----BEGIN CERTIFICATE-----", "%ff%fe", "QUJD", "A" * 40_000, ":" + "QUJD" * 100 + ":"],
)
def test_what_is_no_certificate(said: str) -> None:
    with Client(shown()) as client:
        assert client.get("/", headers={NGINX: said, "x-forwarded-for": "192.0.2.7"}).status in (400, 431)


def test_two_certificates_are_none(authority: trustme.CA) -> None:
    one = fields(pem_of(authority, "ann@example.org"))["RFC 9440"]
    with Client(shown()) as client:
        headers = [(NGINX, one), (NGINX, one), ("x-forwarded-for", "192.0.2.7")]
        assert client.get("/", headers=headers).status == 400


PROGRAM = """
from segue import App, Request
from segue.auth.certificates.reading import certificate_of

app = App()

@app.get("/")
async def home(request: Request) -> str:
    found = certificate_of(request)
    return "none" if found is None else str(found.serial_number)
"""


@pytest.mark.parametrize("pure", [False, True], ids=["uvloop", "asyncio"])
def test_our_server_knows_the_certificate_of_a_client(
    authority: trustme.CA, tmp_path: Path, pure: bool
) -> None:
    server = authority.issue_cert("localhost")
    server.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [
        sys.executable,
        "-m",
        "segue",
        "serve",
        f"{tmp_path}/program.py:app",
        "--port",
        "0",
        "--certfile",
        f"{tmp_path}/server.pem",
    ]
    command += ["--ca-certs", f"{tmp_path}/ca.pem", "--client-certs", "optional"]
    environment = {
        "PYTHONPATH": str(Path(segue.__file__).parents[1]),
        "PATH": "/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
    }
    if pure:
        environment["SEGUE_PURE"] = "1"
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    )
    assert process.stdout is not None
    drain = threading.Thread()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"https://127\.0\.0\.1:(\d+)", line):
                break
        else:
            pytest.fail("".join(lines))
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        ann = authority.issue_cert("ann@example.org")
        stranger = trustme.CA().issue_cert("ann@example.org")

        def asked(certificate: trustme.LeafCert | None) -> str:
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            if certificate is not None:
                certificate.configure_cert(context)
            connection = http.client.HTTPSConnection("localhost", int(found[1]), timeout=30, context=context)
            try:
                connection.request("GET", "/")
                return connection.getresponse().read().decode()
            finally:
                connection.close()

        serial = x509.load_pem_x509_certificate(ann.cert_chain_pems[0].bytes()).serial_number
        assert asked(ann) == str(serial)
        assert asked(None) == "none"
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            asked(stranger)
    finally:
        process.terminate()
        process.wait(30)
        if drain.is_alive():
            drain.join(10)
        process.stdout.close()


@pytest.fixture
def site(make_app: Callable[..., App]) -> Callable[..., App]:
    def make(source: Source | None = None, **options: Any) -> App:
        cards = ClientCertificates(source)
        sessions = Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False))
        app = make_app(cards, sessions, LoginRequired(), models=cards.models, **options)
        app.middleware(Proxies(["127.0.0.1"], certificate="client-cert"))

        @app.post("/make", skip=["csrf", "login-required"])
        async def add(accounts: Accounts) -> None:
            await accounts.create(email="ann@example.org", password=PASSWORD)

        @app.get("/who", skip=["login-required"])
        async def who(request: Request) -> list[str]:
            identity: Any = await identity_of(request)
            return [] if identity is None else [identity.user.email, identity.method]

        return app

    return make


def with_card(pem: str) -> dict[str, str]:
    return {"client-cert": fields(pem)["RFC 9440"], "x-forwarded-for": "192.0.2.7"}


def test_somebody_signs_in_with_a_card(site: Callable[..., App], authority: trustme.CA) -> None:
    source = Source(name="cards", title="Cards", registers=True, trusts_email=True)
    with Client(site(source, registration="closed")) as client:
        assert "Sign in with a certificate" in client.get("/login").text
        assert "no certificate that is good here" in client.get("/login/certificate").text
        assert client.post("/login/certificate").headers["location"] == "/login/certificate"
        card = with_card(pem_of(authority, "ann@example.org", common_name="Ann"))
        assert "a certificate of Ann" in client.get("/login/certificate", headers=card).text
        assert client.get("/who", headers=card).json() == []  # a certificate alone signs nobody in
        foreign = {**card, "sec-fetch-site": "cross-site", "origin": "https://evil.example"}
        assert client.post("/login/certificate", headers=foreign).status == 403
        assert client.post("/login/certificate?next=/who", headers=card).headers["location"] == "/who"
        assert client.get("/who", headers=card).json() == ["ann@example.org", "certificate"]


def test_a_card_with_an_address_of_somebody_here(site: Callable[..., App], authority: trustme.CA) -> None:
    card = with_card(pem_of(authority, "ann@example.org", common_name="Ann"))
    for trusts in (False, True):
        with Client(site(Source(name="cards", title="Cards", trusts_email=trusts))) as client:
            if not trusts:
                client.post("/make")
            done = client.post("/login/certificate", headers=card)
            assert (done.status, client.get("/who").json() != []) == ((303, True) if trusts else (403, False))


def test_a_card_that_is_over(site: Callable[..., App], authority: trustme.CA) -> None:
    over = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    card = with_card(pem_of(authority, "ann@example.org", common_name="Ann", not_after=over))
    app = site(Source(name="cards", title="Cards", registers=True))
    with Client(app) as client, expected_log("segue.auth", "is over"):
        assert "no certificate that is good here" in client.get("/login/certificate", headers=card).text

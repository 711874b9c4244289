"""Passwords that a directory knows: a real one, with real encryption, and what may go wrong on the way to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from people import OTHER, PASSWORD, sign_in
from slapd import Slapd

from segue import App, Request
from segue.auth import Accounts, AuthEvent
from segue.auth.checkers.ldap import LDAP
from segue.auth.checkers.plugin import CheckPasswordsWith
from segue.auth.external.person import SignInFailed
from segue.core.identity import identity_of
from segue.testing import Client, expected_log

pytestmark = pytest.mark.requires("slapd", "ldapadd")

BASE = "ou=people,dc=example,dc=org"


def directory(slapd: Slapd, **options: Any) -> LDAP:
    given: dict[str, Any] = {
        "name": "staff",
        "title": "Staff",
        "url": f"ldaps://localhost:{slapd.tls_port}",
        "base": BASE,
        "ca": slapd.ca,
        "bind_dn": "cn=films,ou=programs,dc=example,dc=org",
        "bind_password": "films-secret",
    }
    return LDAP(**{**given, **options})


def asked(source: LDAP, login: str, password: str) -> Any:
    return anyio.run(source.check, login, password)


@pytest.fixture
def site(make_app: Callable[..., App], slapd: Slapd) -> Callable[..., App]:
    def make(source: LDAP | None = None, **options: Any) -> App:
        checker = CheckPasswordsWith(
            source or directory(slapd, groups={"cn=film,ou=groups,dc=example,dc=org": "editors"})
        )
        app = make_app(checker, models=checker.models, **{"names": True, "registration": "closed", **options})

        @app.get("/who")
        async def who(request: Request) -> list[str]:
            identity: Any = await identity_of(request)
            groups = [] if identity is None else sorted(one for one in identity.principals if "group" in one)
            return [] if identity is None else [identity.user.email, identity.user.name, *groups]

        @app.get("/kinds")
        async def kinds() -> list[str]:
            return [one.kind for one in await AuthEvent.order_by(AuthEvent.id)]

        return app

    return make


@pytest.mark.parametrize("login", ["ann", "ann@example.org", "ANN"])
@pytest.mark.parametrize("scheme", ["ldaps", "StartTLS"])
def test_who_the_directory_knows(slapd: Slapd, login: str, scheme: str) -> None:
    more = {} if scheme == "ldaps" else {"url": f"ldap://localhost:{slapd.port}"}
    source = directory(slapd, **more)
    person = asked(source, login, PASSWORD)
    assert (person.login, person.email, person.name) == ("ann", "ann@example.org", "Ann Ön")
    assert (person.email_verified, len(person.subject)) == (True, 36)  # entryUUID
    assert "cn=film,ou=groups,dc=example,dc=org" in person.groups
    assert asked(source, login, "another password") is None


def test_groups_that_are_looked_for(slapd: Slapd) -> None:
    person = asked(
        directory(slapd, member_of="none", group_base="ou=groups,dc=example,dc=org"), "ann", PASSWORD
    )
    assert person.groups == {"cn=film,ou=groups,dc=example,dc=org"}


@pytest.mark.parametrize(
    "login",
    [
        "*",
        "a*",
        "ann)(uid=*",
        "ann)(|(uid=*))",
        "*)(objectClass=*",
        "ann\\2a",
        "nobody",
        "printer",
        "uid=ann",
        "(uid=ann)",
        "ann\x00",
        "\udcff",
    ],
)
def test_nobody_is_found_by_what_is_a_filter_elsewhere(site: Callable[..., App], login: str) -> None:
    with Client(site()) as client:
        for password in (PASSWORD, "printer-secret"):
            page = sign_in(client, login.encode("utf-8", "replace").decode(), password)
            assert page.status == 422
        assert client.get("/who").json() == []


def test_half_a_character_is_nobodys(site: Callable[..., App]) -> None:
    app = site()

    @app.get("/half")
    async def half(accounts: Accounts) -> list[bool]:
        return [
            await accounts.check("ann\ud800", PASSWORD) is None,
            await accounts.check("ann", f"{PASSWORD}\ud800") is None,
        ]

    with Client(app) as client:
        assert client.get("/half").json() == [True, True]


def test_no_password_is_no_password(slapd: Slapd, site: Callable[..., App]) -> None:
    """A directory answers a bind without a password with success: it is one for nobody (RFC 4513, section 5.1.2)."""
    with Client(site()) as client:
        for password in ("", "\0", " "):
            assert sign_in(client, "ann", password).status == 422
        assert client.get("/who").json() == []


def test_two_with_one_login_are_nobody(slapd: Slapd) -> None:
    with pytest.raises(SignInFailed, match="several people"):
        asked(directory(slapd), "twin", "twin-secret-of-one")


def test_somebody_signs_in_gets_an_account_and_has_it_the_next_time(
    site: Callable[..., App], slapd: Slapd
) -> None:
    app = site()

    @app.get("/count")
    async def count(accounts: Accounts) -> list[int]:
        return [await accounts.model.all().count()]

    with Client(app) as client:
        assert sign_in(client, "ann").status == 303
        assert client.get("/who").json() == ["ann@example.org", "ann", "group:editors"]
        # What is dangerous asks for the password of the directory.
        again = client.post("/login/again?next=/account/delete", data={"password": "another password"})
        assert again.status == 422
        assert (
            client.post("/login/again?next=/account/delete", data={"password": PASSWORD}).headers["location"]
            == "/account/delete"
        )
        client.post("/logout")
        slapd.change(
            "dn: uid=ann,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: mail\nmail: ann.oen@example.org\n\n"
            "dn: cn=film,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\nmember: uid=twin,ou=people,dc=example,dc=org\n"
        )
        try:
            assert sign_in(client, "ann").status == 303
            assert client.get("/who").json() == [
                "ann@example.org",
                "ann",
            ]  # another address, no member any more: the same account
            assert client.get("/count").json() == [1]
        finally:
            slapd.change(
                "dn: uid=ann,ou=people,dc=example,dc=org\nchangetype: modify\nreplace: mail\nmail: ann@example.org\n\n"
                "dn: cn=film,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\nmember: uid=ann,ou=people,dc=example,dc=org\n"
            )
        assert [
            one for one in client.get("/kinds").json() if one in ("created", "linked", "joined", "left")
        ] == ["created", "linked", "joined", "left"]


def test_an_account_here_with_its_own_password_and_one_that_is_blocked(site: Callable[..., App]) -> None:
    app = site()

    @app.post("/make", skip=["csrf"])
    async def make(accounts: Accounts) -> None:
        await accounts.create(email="ann@example.org", name="ann", password=OTHER)

    @app.post("/block", skip=["csrf"])
    async def block(accounts: Accounts) -> None:
        await accounts.set_state(await accounts.find("ann"), "blocked")

    with Client(app) as client:
        client.post("/make")
        assert sign_in(client, "ann", OTHER).status == 303  # without the directory
        client.post("/logout")
        assert (
            sign_in(client, "ann", PASSWORD).status == 303
        )  # the address is the directory's: the same account
        client.post("/logout")
        client.post("/block")
        with expected_log("segue.auth", "no account here: blocked"):
            assert sign_in(client, "ann", PASSWORD).status == 422


def test_a_directory_that_trusts_nobodys_address(site: Callable[..., App], slapd: Slapd) -> None:
    app = site(directory(slapd, trusts_email=False))

    @app.post("/make", skip=["csrf"])
    async def make(accounts: Accounts) -> None:
        await accounts.create(email="ann@example.org", password=OTHER)

    with Client(app) as client:
        client.post("/make")
        with expected_log("segue.auth", "no account here: taken"):
            assert sign_in(client, "ann", PASSWORD).status == 422


def test_a_directory_that_cannot_be_asked(site: Callable[..., App], slapd: Slapd) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = directory(slapd, url=f"ldaps://127.0.0.1:{nobody.getsockname()[1]}")
        with Client(site(gone)) as client, expected_log("segue.auth", "cannot be asked"):
            assert sign_in(client, "ann").status == 422
    with pytest.raises(SignInFailed, match="certificate verify failed"):
        asked(directory(slapd, ca=None), "ann", PASSWORD)
    with pytest.raises(SignInFailed, match="does not let cn=films"):
        asked(directory(slapd, bind_password="wrong"), "ann", PASSWORD)
    with pytest.raises(SignInFailed, match="does not search: 50"):
        asked(directory(slapd, bind_dn=""), "ann", PASSWORD)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x88\x00\x00\x00\x00\x00\x00\x00\x01\x00",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x0c\x02\x01\x63\x61\x07\x0a\x01\x00\x04\x00\x04\x00",  # the answer to another question
        b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x34\x04\x00\x04\x00",  # busy
    ],
)
def test_a_server_that_is_no_directory(said: bytes, slapd: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        source = directory(
            slapd, url=f"ldap://127.0.0.1:{server.getsockname()[1]}", encrypted=False, timeout=5.0
        )
        with pytest.raises(SignInFailed):
            asked(source, "ann", PASSWORD)
        thread.join()


def test_what_comes_before_the_encryption_counts_for_nothing(slapd: Slapd) -> None:
    good = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
    injected = b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(good + injected)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SignInFailed, match="before the connection was encrypted"):
            asked(directory(slapd, url=f"ldap://127.0.0.1:{server.getsockname()[1]}"), "ann", PASSWORD)
        thread.join()


def test_a_mistake_in_the_declaration_is_told() -> None:
    good: dict[str, Any] = {"name": "staff", "title": "Staff", "base": BASE}
    for url, more, told in (
        ("http://ldap.example.org", {}, "an address like ldaps"),
        ("ldap://ldap.example.org", {"encrypted": False}, "gets passwords"),
        ("ldaps://ldap.example.org", {"logins": ()}, "attributes to find people by"),
        ("ldaps://ldap.example.org", {"name": "The Staff"}, "small letters"),
    ):
        with pytest.raises(ValueError, match=told):
            LDAP(**{**good, **more}, url=url)
    with pytest.raises(ValueError, match="a name of its own"):
        CheckPasswordsWith()

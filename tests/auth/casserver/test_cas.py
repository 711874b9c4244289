"""Signing in at a server of CAS, and being one: our own client and server with each other, and each with what the protocol's text says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine
from people import KEY, OTHER, PASSWORD, Browsers
from plain_browser import Browser

from segue import App, Request, Response
from segue.auth import Accounts, Auth
from segue.auth.casserver.plugin import CASServer
from segue.auth.external.cas import CAS
from segue.auth.external.person import Person
from segue.auth.external.plugin import SignInWith
from segue.core.identity import identity_of
from segue.security import MemorySessions, SessionCookie, Sessions
from segue.testing import Client, LiveServer, expected_log

SERVICE = "https://wiki.example/page?lang=fr"


def plain_sessions() -> Sessions:
    return Sessions(MemorySessions(), key=KEY, cookie=SessionCookie(secure=False))


@pytest.fixture
def campus(make_app: Callable[..., App]) -> Iterator[str]:
    """A server with an account, `ann`, who is in `staff`; its URL."""
    server = CASServer(
        services=["https://wiki.example/", "https://one.example/exactly", "http://localhost/login/with/"]
    )
    app = make_app(server, plain_sessions(), models=server.models, names=True)

    @app.get("/make")
    async def make(accounts: Accounts) -> None:
        user = await accounts.create(email="ann@example.org", name="ann", password=PASSWORD)
        await accounts.groups.add(user, "staff")

    @app.post("/block", skip=["csrf"])
    async def block(accounts: Accounts) -> None:
        await accounts.set_state(await accounts.find("ann"), "blocked")

    @app.post("/other", skip=["csrf"])
    async def other(accounts: Accounts) -> None:
        await accounts.set_password(await accounts.find("ann"), OTHER)

    with LiveServer(app) as running:
        Browser().get(f"{running.url}/make")
        yield running.url


@pytest.fixture
def ann(campus: str) -> Browser:
    """A browser in which `ann` has signed in."""
    browser = Browser()
    assert browser.post(f"{campus}/login", login="ann", password=PASSWORD).status == 303
    return browser


def ticket(campus: str, browser: Browser, service: str = SERVICE, more: str = "") -> str:
    page = browser.get(f"{campus}/cas/login?service={quote(service, safe='')}{more}")
    assert page.status == 303, page
    assert page.location.startswith(service)
    return parse_qs(urlsplit(page.location).query)["ticket"][0]


def asked(campus: str, path: str, token: str, service: str = SERVICE, more: str = "") -> str:
    return (
        Browser()
        .get(f"{campus}/cas/{path}?service={quote(service, safe='')}&ticket={quote(token)}{more}")
        .text
    )


def code_of(answer: str) -> str:
    found = re.search(r'code="([A-Z_]+)"', answer)
    return "" if found is None else found[1]


def test_a_program_learns_who_has_signed_in_by_each_version_of_the_protocol(
    campus: str, ann: Browser
) -> None:
    assert asked(campus, "validate", ticket(campus, ann)) == "yes\nann\n"
    second = asked(campus, "serviceValidate", ticket(campus, ann))
    assert "<cas:user>ann</cas:user>" in second
    assert "attributes" not in second
    assert 'xmlns:cas="http://www.yale.edu/tp/cas"' in second
    third = asked(campus, "p3/serviceValidate", ticket(campus, ann))
    assert "<cas:mail>ann@example.org</cas:mail>" in third
    assert "<cas:memberOf>staff</cas:memberOf>" in third
    assert "<cas:isFromNewLogin>true</cas:isFromNewLogin>" in third
    assert "<cas:user>ann</cas:user>" in asked(campus, "proxyValidate", ticket(campus, ann))
    assert (
        code_of(Browser().get(f"{campus}/cas/proxy?pgt=PGT-1&targetService=x").text) == "UNAUTHORIZED_SERVICE"
    )


def test_a_ticket_is_good_once_for_its_service_and_for_half_a_minute(campus: str, ann: Browser) -> None:
    token = ticket(campus, ann)
    assert code_of(asked(campus, "serviceValidate", token, "https://wiki.example/other")) == "INVALID_SERVICE"
    assert code_of(asked(campus, "serviceValidate", token)) == "INVALID_TICKET"  # used up by the wrong one
    token = ticket(campus, ann)
    assert asked(campus, "validate", token) == "yes\nann\n"
    assert asked(campus, "validate", token) == "no\n\n"
    token = ticket(campus, ann)
    with time_machine.travel(time.time() + 31, tick=True):
        assert code_of(asked(campus, "serviceValidate", token)) == "INVALID_TICKET"
    assert code_of(asked(campus, "serviceValidate", "ST-made-up")) == "INVALID_TICKET"
    assert code_of(asked(campus, "serviceValidate", "PT-1")) == "INVALID_TICKET_SPEC"
    assert code_of(asked(campus, "serviceValidate", "")) == "INVALID_REQUEST"


@pytest.mark.parametrize("change", ["/block", "/other"])
def test_a_ticket_of_an_account_that_was_blocked_or_has_another_password_is_none(
    campus: str, ann: Browser, change: str
) -> None:
    token = ticket(campus, ann)
    Browser().post(campus + change)
    assert code_of(asked(campus, "serviceValidate", token)) == "INVALID_TICKET"


@pytest.mark.parametrize(
    "service",
    [
        "https://evil.example/",
        "https://wiki.example.evil.example/",
        "https://wiki.example",
        "https://wiki.example@evil.example/",
        "http://wiki.example/",
        "https://wiki.example/../x",
        "https://wiki.example/a/%2e%2E/%2e./x",
        "https://wiki.example/\\@evil.example",
        "https://wiki.example/#",
        "https://wiki.example/\r\nx: y",
        "https://one.example/exactly/not",
        "javascript:alert(1)",
        "//wiki.example/",
        "https://[wiki.example/",
    ],
)
def test_no_ticket_for_a_program_that_nobody_has_named(campus: str, ann: Browser, service: str) -> None:
    page = ann.get(f"{campus}/cas/login?service={quote(service, safe='')}")
    assert (page.status, page.location) == (403, "")
    assert ann.get(f"{campus}/cas/login?service=https://one.example/exactly%3Fa=1").status == 303


def test_who_has_not_signed_in_does_so_first_and_comes_back_with_a_ticket(campus: str) -> None:
    browser = Browser()
    start = f"/cas/login?service={quote(SERVICE, safe='')}"
    page = browser.get(campus + start)
    assert page.location.startswith("/login?next=")
    done = browser.post(campus + page.location, login="ann", password=PASSWORD)
    assert done.location == start
    assert browser.get(campus + done.location).location.startswith(f"{SERVICE}&ticket=ST-")


def test_gateway_asks_nobody_and_renew_asks_again(campus: str, ann: Browser) -> None:
    assert (
        Browser().get(f"{campus}/cas/login?service={quote(SERVICE, safe='')}&gateway=true").location
        == SERVICE
    )
    assert (
        asked(campus, "validate", ticket(campus, ann, more="&renew=true"), more="&renew=true") == "yes\nann\n"
    )
    with time_machine.travel(time.time() + 300, tick=True):
        old = ticket(campus, ann)
        assert "<cas:isFromNewLogin>false" in asked(campus, "p3/serviceValidate", ticket(campus, ann))
        assert code_of(asked(campus, "serviceValidate", old, more="&renew=true")) == "INVALID_TICKET"
        page = ann.get(f"{campus}/cas/login?service={quote(SERVICE, safe='')}&renew=true")
        assert page.location.startswith("/login/again?next=%2Fcas%2Flogin")
        back = ann.post(campus + page.location, password=PASSWORD).location
        assert ann.get(campus + back).location.startswith(SERVICE)


def test_a_link_signs_nobody_out(campus: str, ann: Browser) -> None:
    assert ann.get(f"{campus}/cas/logout").location == "/logout"
    assert ticket(campus, ann)


# --- the other side --------------------------------------------------------------------------------------------------


@pytest.fixture
def films(tmp_path: Path, campus: str) -> App:
    """An app whose people sign in at the campus."""
    from people import cheap

    from segue.db import Database
    from segue.mail import Mail
    from segue.security import Limiter, MemoryCounts

    elsewhere = SignInWith(
        CAS(name="campus", title="Campus", url=f"{campus}/cas", registers=True, groups={"staff": "editors"})
    )
    auth = Auth(passwords=cheap(), registration="closed")
    database = Database(f"sqlite:///{tmp_path}/films.db", models=[*auth.models, *elsewhere.models])
    app = App(plugins=[database, auth, plain_sessions(), Limiter(MemoryCounts()), Mail("memory:"), elsewhere])

    @app.lifespan
    async def tables() -> Any:
        await database.create_all()
        yield

    @app.get("/who")
    async def who(request: Request) -> list[str]:
        identity: Any = await identity_of(request)
        return (
            []
            if identity is None
            else [
                identity.user.email,
                identity.user.name,
                *sorted(one for one in identity.principals if "group" in one),
            ]
        )

    return app


def test_there_and_back_with_our_own_server(films: App, campus: str, ann: Browser) -> None:
    with Client(films) as client:
        assert "Sign in with Campus" in client.get("/login").text
        there = client.get("/login/with/campus?next=/who", follow_redirects=False).headers["location"]
        back = urlsplit(ann.get(there).location)
        done = client.get(f"{back.path}?{back.query}", follow_redirects=False)
        assert (done.status, done.headers["location"]) == (303, "/who")
        assert client.get("/who").json() == ["ann@example.org", "ann", "group:editors"]
        with expected_log("segue.auth", "belongs to nothing"):
            assert client.get(f"{back.path}?{back.query}").status == 400


def test_a_ticket_that_somebody_else_got_signs_nobody_in(films: App, campus: str, ann: Browser) -> None:
    with Client(films) as client:
        browsers = Browsers(client)
        with browsers("thief's"):
            there = client.get("/login/with/campus", follow_redirects=False).headers["location"]
            back = urlsplit(ann.get(there).location)
        with browsers("victim's"):
            client.get("/login/with/campus", follow_redirects=False)
            with expected_log("segue.auth", "belongs to nothing"):
                assert client.get(f"{back.path}?{back.query}").status == 400
            assert client.get("/who").json() == []


ANSWERS = {
    "a failure": "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationFailure code='INVALID_TICKET'>no</cas:authenticationFailure></cas:serviceResponse>",
    "both": "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess><cas:authenticationSuccess><cas:user>b</cas:user></cas:authenticationSuccess></cas:serviceResponse>",
    "another namespace": "<serviceResponse><authenticationSuccess><user>a</user></authenticationSuccess></serviceResponse>",
    "nobody": "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess><cas:user> </cas:user></cas:authenticationSuccess></cas:serviceResponse>",
    "entities": "<!DOCTYPE x [<!ENTITY a 'ann'>]><cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'><cas:authenticationSuccess><cas:user>&a;</cas:user></cas:authenticationSuccess></cas:serviceResponse>",
    "no XML": "yes\nann\n",
}


def test_answers_of_a_server_that_name_nobody() -> None:
    given = {"answer": ""}
    campus = App("a campus")

    @campus.get("/serviceValidate")
    async def validate(request: Request) -> Response:
        return Response(given["answer"].encode(), content_type="application/xml")

    with LiveServer(campus) as running:

        def done(person: Person, request: Request) -> str:
            return f"hello {person.subject} {person.email_verified}"

        source = CAS(name="campus", title="Campus", url=running.url, version=2)
        with Client(App(plugins=[SignInWith(source, done=done), plain_sessions()])) as client:

            def tried() -> Any:
                there = client.get("/login/with/campus", follow_redirects=False).headers["location"]
                service = parse_qs(urlsplit(there).query)["service"][0]
                back = urlsplit(service)
                return client.get(f"{back.path}?{back.query}&ticket=ST-1")

            for answer in ANSWERS.values():
                given["answer"] = answer
                with expected_log("segue.auth", "nobody was signed in"):
                    assert tried().status == 400, answer
            # As section 2.5.2 of the protocol writes it.
            given["answer"] = ANSWERS["nobody"].replace("<cas:user> ", "<cas:user>\n    username\n  ")
            assert tried().text == "hello username False"


def test_a_mistake_in_the_declaration_is_told() -> None:
    with pytest.raises(ValueError, match="up to a slash"):
        CASServer(services=["wiki.example"])
    with pytest.raises(TypeError, match="list of addresses"):
        CASServer(services="https://wiki.example/")
    with pytest.raises(ValueError, match="without encryption"):
        CAS(name="campus", title="Campus", url="http://cas.example.edu/cas")

"""What people do with their accounts by the pages: register, confirm, forget, change, look where they are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from people import OTHER, PASSWORD, Browsers, arrived, link_in, sign_in, with_helpers

from segue import App, Proxies
from segue.auth import Accounts, grant
from segue.auth.pages.browsers import browser_name
from segue.core.inspection.checks.checking import check_app
from segue.testing import Client, captured_mails


@pytest.mark.row("FLX2")
def test_register_confirm_sign_in_forget_and_sign_in_again(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as client:
        weak = client.post("/register", data={"email": "ann@example.org", "password": "password1234"})
        assert (weak.status, "tried first" in weak.text) == (422, True)
        said = client.post("/register", data={"email": "Ann@Example.org", "password": PASSWORD})
        assert (said.status, "We have sent you a mail" in said.text) == (200, True)
        letter = arrived(mails, 1)
        assert letter.recipients == ("ann@example.org",)
        assert "did not work" in sign_in(client).text  # not yet
        link = link_in(letter)
        # A program that looks at links does not confirm anything.
        assert "Is this address yours?" in client.get(link).text
        assert "did not work" in sign_in(client).text
        assert client.get(link[:-2] + "xx").status == 410
        assert client.post(link).headers["location"] == "/login"
        assert client.post(link).status == 410
        assert sign_in(client).status == 303
        assert client.get("/me").json() == {"email": "ann@example.org", "confirmed": True}
        client.post("/logout")

        # Registering once more says the same, and tells the owner.
        again = client.post("/register", data={"email": "ann@example.org", "password": OTHER})
        assert again.text == said.text
        assert "already" in arrived(mails, 2).text
        assert "did not work" in sign_in(client, password=OTHER).text

        sent = client.post("/password/forgot", data={"email": "ann@example.org"})
        reset = link_in(arrived(mails, 3))
        nobody = client.post("/password/forgot", data={"email": "nobody@example.org"})
        assert (nobody.status, nobody.text) == (sent.status, sent.text)
        moved = client.get(reset)
        assert moved.headers["location"] == "/password/new"  # without the token
        short = client.post("/password/new", data={"password": "short"})
        assert (short.status, "at least 12" in short.text) == (422, True)
        assert client.post("/password/new", data={"password": OTHER}).status == 303
        assert client.get(reset).status == 410
        assert client.post("/password/new", data={"password": PASSWORD}).status == 410
        assert "did not work" in sign_in(client).text
        assert sign_in(client, password=OTHER).status == 303
        assert len(mails) == 3


def test_links_expire(make_app: Callable[..., App], time_machine_travel: Any) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        client.post("/password/forgot", data={"email": "ann@example.org"})
        link = link_in(arrived(mails, 1))
        with time_machine_travel(3_700):
            assert client.get(link).status == 410
        assert client.get(link).status == 303


def test_changing_the_password_signs_out_elsewhere_and_stays_here(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as here:
        here.post("/new?email=ann@example.org")
        browsers = Browsers(here)
        sign_in(here)
        with browsers("there"):
            sign_in(here, remember="on")
            assert here.get("/me").status == 200
        wrong = here.post("/account/password", data={"current": "wrong", "password": OTHER})
        assert (wrong.status, "not your password" in wrong.text) == (422, True)
        done = here.post(
            "/account/password", data={"current": PASSWORD, "password": OTHER}, follow_redirects=True
        )
        assert "signed out everywhere else" in done.text
        assert "changed just now" in arrived(mails, 1).text
        assert here.get("/me").status == 200
        with browsers("there"):
            assert here.get("/me").status == 302


def test_places_are_listed_and_signed_out_one_by_one(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with Client(app) as here:
        here.post("/new?email=ann@example.org")
        browsers = Browsers(here)
        given = {"login": "ann@example.org", "password": PASSWORD}
        mine = {"user-agent": "A <b>"}
        here.post("/login", data=given, headers=mine)
        with browsers("telephone"):
            here.post("/login", data={**given, "remember": "on"}, headers={"user-agent": "Telephone"})
        with browsers("third"):
            here.post("/login", data=given)
        page = here.get("/account/places", headers=mine).text
        assert ("A &lt;b&gt;" in page, "stays signed in" in page) == (True, True)
        assert len(re.findall(r'action="/account/places/\w+"', page)) == 2
        handle = re.search(r'action="(/account/places/\w+)"', page.partition("Telephone")[2])
        assert handle is not None
        here.post(handle[1], headers=mine)
        with browsers("telephone"):  # the browser is not remembered either
            assert here.get("/me").status == 302
        with browsers("third"):
            assert here.get("/me").status == 200
        here.post("/account/places", headers=mine)
        with browsers("third"):
            assert here.get("/me").status == 302
        assert here.get("/me", headers=mine).status == 200
        assert here.post("/account/places/d1", headers=mine).status == 303  # nothing is there


@pytest.mark.row("FLX2")
def test_a_remembered_browser_comes_back_and_proves_itself_for_what_is_dangerous(
    make_app: Callable[..., App],
) -> None:
    app = with_helpers(make_app())
    with Client(app) as client:
        client.post("/new?email=ann@example.org")
        sign_in(client, remember="on")
        assert client.get("/account/email").status == 200
        client.cookies.delete("__Host-session")
        assert client.get("/me").status == 200
        asked = client.get("/account/email")
        assert asked.headers["location"] == "/login/again?next=%2Faccount%2Femail"
        wrong = client.post("/login/again?next=%2Faccount%2Femail", data={"password": "wrong"})
        assert wrong.status == 422
        right = client.post("/login/again?next=%2Faccount%2Femail", data={"password": PASSWORD})
        assert right.headers["location"] == "/account/email"
        assert client.get("/account/email").status == 200
        client.post("/logout")
        assert client.get("/me").status == 302


def test_the_address_moves_once_its_owner_has_answered(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        client.post("/new?email=ben@example.org")
        sign_in(client)
        client.post("/account/email", data={"email": "new@example.org"})
        arrived(mails, 2)
        assert "new@example.org" in mails.to("ann@example.org")[0].text
        assert client.get("/me").json()["email"] == "ann@example.org"
        link = link_in(mails.to("new@example.org")[0])
        client.post("/account/email", data={"email": "ben@example.org"})
        arrived(mails, 4)
        taken = link_in(mails.to("ben@example.org")[0])
        assert client.post(taken).status == 410
        client.post(link)
        assert client.get("/me").json()["email"] == "new@example.org"
        assert client.post(link).status == 410


def test_who_is_blocked_or_waits_for_approval(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app(registration="approval"))
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/register", data={"email": "ann@example.org", "password": PASSWORD})
        said = client.post(link_in(arrived(mails, 1)), follow_redirects=True)
        assert "has to approve" in said.text
        assert "did not work" in sign_in(client).text
        client.post("/state?email=ann@example.org&to=active")
        assert sign_in(client).status == 303
        client.post("/state?email=ann@example.org&to=blocked")
        assert client.get("/me").status == 302
        assert "did not work" in sign_in(client).text


def test_names_are_signed_in_with_and_sent_when_forgotten(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app(names=True))
    with captured_mails(app) as mails, Client(app) as client:
        bad = client.post("/register", data={"email": "a@example.org", "name": "a@b", "password": PASSWORD})
        assert (bad.status, "letters, digits" in bad.text) == (422, True)
        client.post("/new?email=ann@example.org&name=Django.R")
        taken = {"email": "b@example.org", "name": "DJANGO.r", "password": PASSWORD}
        assert "Somebody else has this" in client.post("/register", data=taken).text
        client.post("/name/forgot", data={"email": "ann@example.org"})
        assert "django.r" in arrived(mails, 1).text
        assert sign_in(client, "Django.R").status == 303


def test_somebody_acts_for_another_one_and_the_log_knows(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())

    @app.post("/grant", skip=["csrf"])
    async def give(accounts: Accounts) -> None:
        await grant(await accounts.find("ann@example.org"), "impersonate")

    with Client(app) as client:
        ann = client.post("/new?email=ann@example.org").text
        ben = client.post("/new?email=ben@example.org").text
        sign_in(client)
        assert client.post(f"/impersonate/{ben}").status == 403
        client.post("/grant")
        assert client.post(f"/impersonate/{ben}").status == 303
        assert client.get("/me").json()["email"] == "ben@example.org"
        assert "You act in the name" in client.get("/account").text
        # What is dangerous stays closed, and nobody goes further from here.
        assert client.get("/account/password").status == 403
        assert client.get("/account/email").status == 302
        assert client.post(f"/impersonate/{ann}").status == 403
        client.post("/account/return")
        assert client.get("/me").json()["email"] == "ann@example.org"
        assert ["impersonated", ben, ann] in client.get("/events").json()


def test_a_session_that_another_browser_has(make_app: Callable[..., App]) -> None:
    for on_change, dangerous, usual in (("ask", 302, 200), ("end", 302, 302), ("ignore", 200, 200)):
        app = with_helpers(make_app(on_change=on_change))
        with Client(app) as client:
            client.post(f"/new?email={on_change}@example.org")
            sign_in(client, f"{on_change}@example.org")
            there = {"user-agent": "somebody else"}
            assert client.get("/account/email", headers=there).status == dangerous
            assert client.get("/me", headers=there).status == usual


@pytest.mark.row("FLX2")
@pytest.mark.parametrize("bound_to", ["browser", "network", "both"])
@pytest.mark.parametrize("on_change", ["ask", "end", "ignore"])
def test_a_session_is_bound_to_a_browser_or_a_network(
    make_app: Callable[..., App], on_change: str, bound_to: str
) -> None:
    """What Flask-Login calls session protection: `basic` is ask, `strong` is end."""
    usual, dangerous = {"ask": (200, 302), "end": (302, 302), "ignore": (200, 200)}[on_change]
    for field, kind in (("user-agent", "browser"), ("x-forwarded-for", "network")):
        app = with_helpers(make_app(on_change=on_change, bound_to=bound_to))
        app.middleware(Proxies(["127.0.0.1"]))
        here = {"user-agent": "mine", "x-forwarded-for": "192.0.2.7"}
        with Client(app, headers=here) as client:
            client.post(f"/new?email={kind}@example.org")
            sign_in(client, f"{kind}@example.org")
            for path in ("/account/email", "/me"):
                assert client.get(path).status == 200
            there = {field: "203.0.113.9"}
            bound = bound_to in (kind, "both")
            assert client.get("/account/email", headers=there).status == (dangerous if bound else 200)
            assert client.get("/me", headers=there).status == (usual if bound else 200)


def test_an_account_is_deleted_by_its_owner(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with Client(app) as client:
        client.post("/new?email=ann@example.org")
        browsers = Browsers(client)
        sign_in(client)
        with browsers("there"):
            sign_in(client, remember="on")
        assert "Nobody can bring it back" in client.get("/account/delete").text
        client.post("/account/delete")
        assert client.get("/me").status == 302
        with browsers("there"):
            assert client.get("/me").status == 302
        assert "did not work" in sign_in(client).text


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/places", "/login/again"])
def test_pages_of_an_account_are_for_who_is_signed_in(make_app: Callable[..., App], path: str) -> None:
    with Client(make_app()) as client:
        sent = client.get(path)
        assert sent.headers["location"] == f"/login?next={path.replace('/', '%2F')}"
        assert client.post("/account/password", data={"current": "a", "password": "b"}).status == 403
        page = client.get("/login")
        assert (
            page.headers["cache-control"] == "private, no-store"
            or "no-store" in page.headers["cache-control"]
        )


def test_browsers_are_called_by_names_that_people_know() -> None:
    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
    phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0"
    told = [browser_name(one) for one in (chrome, phone, edge, "curl/8.5.0", "Firefox/1", "x" * 300, "")]
    assert told == [
        "Chrome, Linux",
        "Safari, iPhone",
        "Edge, Windows",
        "curl/8.5.0",
        "Firefox",
        "x" * 40,
        "?",
    ]


def test_what_is_left_open_is_told_before_it_is_deployed(make_app: Callable[..., App]) -> None:
    def codes(app: App) -> set[str]:
        found = {one.code for one in check_app(app, deploy=True)}
        return found & {"no-origin", "unconfirmed"}

    assert codes(make_app()) == set()
    assert codes(make_app(origin="http://films.example", confirm=False)) == {"no-origin", "unconfirmed"}

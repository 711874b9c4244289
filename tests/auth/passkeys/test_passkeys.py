"""Passkeys, in a real browser with an authenticator that is made of software."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from segue import App
from segue.auth import Accounts
from segue.auth.passkeys.ceremonies import PASSKEYS
from segue.auth.passkeys.model import Passkey
from segue.auth.passkeys.plugin import Passkeys
from segue.i18n import I18n
from segue.security import Security
from segue.testing import Client, LiveServer

PASSWORD = "nuages over the seine"


@pytest.fixture
def site(make_app: Any) -> Any:
    def make(*plugins: Any, **options: Any) -> App:
        passkeys = Passkeys(title="Films")
        app = make_app(
            *plugins, passkeys, Security(https=False), models=passkeys.models, **{"origin": "", **options}
        )

        @app.get("/make")
        async def add(accounts: Accounts) -> str:
            await accounts.create(email="ada@example.com", password=PASSWORD)
            return "made"

        @app.get("/block")
        async def block(accounts: Accounts) -> str:
            await accounts.set_state(await accounts.find("ada@example.com"), "blocked")
            return "blocked"

        @app.get("/")
        async def index() -> str:
            return "start"

        return app

    return make


@pytest.fixture
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield one
        one.close()


class Person:
    """Somebody with a browser and an authenticator."""

    def __init__(self, chromium: Any, url: str, language: str = "en") -> None:
        self.url = url
        self.page = chromium.new_page(locale=language)
        self.told: list[str] = []
        self.page.on("console", lambda message: self.told.append(message.text))
        self.cdp = self.page.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable")
        self.authenticator = self.add_authenticator(verified=True)

    def add_authenticator(self, *, verified: bool) -> str:
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verified,
            "automaticPresenceSimulation": True,
        }
        return str(self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"])

    def credentials(self) -> list[dict[str, Any]]:
        return list(
            self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.authenticator})["credentials"]
        )

    def password(self) -> None:
        self.page.goto(f"{self.url}/login")
        self.page.fill("input[name=login]", "ada@example.com")
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("form[method=post] button[type=submit]")
        self.page.wait_for_url(f"{self.url}/")

    def add(self, name: str) -> None:
        self.page.goto(f"{self.url}/account/passkeys")
        self.page.fill("input[name=name]", name)
        self.page.click("form[data-passkey] button")

    def sign_in(self, query: str = "") -> None:
        self.page.goto(f"{self.url}/login/passkey{query}")
        self.page.click("form[data-passkey] button")

    def sign_out(self) -> None:
        self.page.context.clear_cookies()


@pytest.mark.requires("chromium")
@pytest.mark.row("FLX2")
def test_a_person_adds_a_passkey_signs_in_with_it_and_takes_it_away(site: Any, chromium: Any) -> None:
    with LiveServer(site()) as server:
        person = Person(chromium, server.url.replace("127.0.0.1", "localhost"))
        page = person.page
        page.goto(f"{person.url}/make")
        person.password()
        person.add("My <b>telephone</b>")
        page.wait_for_selector("text=My <b>telephone</b>")
        assert len(person.credentials()) == 1

        person.sign_out()
        page.goto(f"{person.url}/account")
        assert "/login" in page.url
        person.sign_in("?next=/account")
        page.wait_for_url(f"{person.url}/account")
        assert "ada@example.com" in page.inner_text("main")
        # What was done just now counts as a proof: dangerous pages are open.
        page.goto(f"{person.url}/account/passkeys")
        page.click("text=Remove")
        page.wait_for_selector("text=The passkey was removed")
        assert page.locator("li").count() == 0
        person.sign_out()
        person.sign_in()
        page.wait_for_selector("text=does not open anything here")
        assert [one for one in person.told if "Content Security Policy" in one] == []
        page.close()


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "zh"])
def test_it_is_the_same_in_every_language(site: Any, chromium: Any, language: str) -> None:
    with LiveServer(site(I18n("en", "de", "fr", "es", "zh"))) as server:
        person = Person(chromium, server.url.replace("127.0.0.1", "localhost"), language)
        page = person.page
        page.goto(f"{person.url}/make")
        person.password()
        person.add("telephone")
        page.wait_for_selector("li >> text=telephone")
        assert page.get_attribute("html", "lang") == language
        person.sign_out()
        person.sign_in("?next=/account")
        page.wait_for_url(f"{person.url}/account")
        person.sign_out()
        # Who closes the dialogue reads why nothing happened, in their own words.
        person.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": person.authenticator})
        person.authenticator = person.add_authenticator(verified=False)
        person.sign_in()
        page.locator("[role=alert]:not(:empty)").wait_for()
        told = page.inner_text("[role=alert]")
        assert told == page.get_attribute("form[data-passkey]", "data-cancelled")
        assert ("Nothing was done" in told) == (language == "en")
        page.close()


@pytest.mark.requires("chromium")
def test_who_does_not_verify_themselves_is_not_let_in(site: Any, chromium: Any) -> None:
    with LiveServer(site()) as server:
        person = Person(chromium, server.url.replace("127.0.0.1", "localhost"))
        person.page.goto(f"{person.url}/make")
        person.password()
        person.add("key")
        person.page.wait_for_selector("li >> text=key")
        person.sign_out()
        person.cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": person.authenticator, "isUserVerified": False}
        )
        person.sign_in()
        person.page.wait_for_selector("text=Nothing was done")
        person.cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": person.authenticator, "isUserVerified": True}
        )
        # An account that is blocked is not opened by its passkey either.
        person.page.goto(f"{person.url}/block")
        person.sign_in()
        person.page.wait_for_selector("text=does not open anything here")
        person.page.close()


@pytest.mark.requires("chromium")
def test_an_answer_is_good_once_for_who_was_asked(site: Any, chromium: Any) -> None:
    """What the browser has sent is sent again, changed, and by others."""
    app = site()
    sent: list[dict[str, Any]] = []
    with LiveServer(app) as server:
        person = Person(chromium, server.url.replace("127.0.0.1", "localhost"))
        page = person.page
        page.goto(f"{person.url}/make")
        person.password()
        person.add("key")
        page.wait_for_selector("li >> text=key")
        person.sign_out()

        def note(request: Any) -> None:
            if request.method == "POST" and request.url.endswith("/login/passkey"):
                sent.append(request.post_data_json)

        page.on("request", note)
        person.sign_in()
        page.wait_for_url(f"{person.url}/")
        page.close()
    (proof,) = sent
    fields = {"sec-fetch-site": "same-origin"}
    with Client(app, base_url="https://localhost") as other:
        # Nobody was asked here; and then another challenge was given out.
        assert other.post("/login/passkey", json=proof, headers=fields).status == 400
        other.post("/login/passkey/options", json={}, headers=fields)
        assert other.post("/login/passkey", json=proof, headers=fields).status == 400
        for change in (
            {"id": "x"},
            {"id": None},
            {"response": None},
            {"response": {}},
            {"response": {**proof["answer"]["response"], "signature": "AAAA"}},
            {"response": {**proof["answer"]["response"], "authenticatorData": "AAAA"}},
            {"response": {**proof["answer"]["response"], "clientDataJSON": "e30"}},
            {"rawId": "x", "id": "x" * 5000},
            {"type": "password"},
        ):
            other.post("/login/passkey/options", json={}, headers=fields)
            wrong = {"answer": {**proof["answer"], **change}}
            assert other.post("/login/passkey", json=wrong, headers=fields).status == 400, change
        assert other.get("/account").status in (302, 303)


def test_an_offer_tells_nothing_of_anybody(site: Any) -> None:
    app = site()
    with Client(app, base_url="https://localhost") as client:
        client.get("/make")
        said = client.post(
            "/login/passkey/options", json={}, headers={"sec-fetch-site": "same-origin"}
        ).json()
        assert said["rpId"] == "localhost"
        assert said["userVerification"] == "required"
        assert not said.get("allowCredentials")
        again = client.post(
            "/login/passkey/options", json={}, headers={"sec-fetch-site": "same-origin"}
        ).json()
        assert said["challenge"] != again["challenge"]


def test_only_who_is_signed_in_may_add_one(site: Any) -> None:
    with Client(site(), base_url="https://localhost") as client:
        fields = {"sec-fetch-site": "same-origin"}
        assert client.get("/account/passkeys").status in (302, 303)
        assert client.post("/account/passkeys/options", json={}, headers=fields).status == 403
        assert client.post("/account/passkeys", json={"answer": {}}, headers=fields).status == 403
        assert (
            client.post("/login/passkey/options", json={}, headers={"sec-fetch-site": "cross-site"}).status
            == 403
        )


def test_the_only_way_in_stays(site: Any) -> None:
    app = site()

    @app.get("/only")
    async def only(accounts: Accounts) -> list[bool]:
        user = await accounts.create(email="bob@example.com")
        one = await Passkey.create(owner=str(user.id), handle="h", credential="c1", public="p")
        request: Any = None
        first = await app[PASSKEYS].remove(request, user, one.id)
        other = await Passkey.create(owner=str(user.id), handle="h", credential="c2", public="p")
        second = await app[PASSKEYS].remove(request, user, one.id)
        eve = await accounts.create(email="eve@example.com", password=PASSWORD)
        theirs = await app[PASSKEYS].remove(request, eve, other.id)
        return [first, second, theirs]

    with Client(app, base_url="https://localhost") as client:
        assert client.get("/only").json() == [False, True, False]

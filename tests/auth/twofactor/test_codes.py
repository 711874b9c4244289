"""Codes of a telephone and codes on paper: each is good once."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import pyotp
import pytest

from segue import App
from segue.auth import Accounts, AuthEvent
from segue.auth.twofactor.models import CodeSecret, RecoveryCode
from segue.auth.twofactor.plugin import TwoFactor
from segue.auth.twofactor.steps import TWO_FACTOR
from segue.testing import Client

PASSWORD = "nuages over the seine"


def visitor(app: App, **options: Any) -> Client:
    return Client(app, base_url="https://localhost", **options)


@pytest.fixture
def site(make_app: Any) -> Any:
    def make(**options: Any) -> App:
        two_factor = TwoFactor(issuer="Films")
        app = make_app(two_factor, models=two_factor.models, **options)

        @app.post("/make", skip=["csrf"])
        async def add(accounts: Accounts) -> None:
            await accounts.create(email="ada@example.com", password=PASSWORD)

        @app.get("/")
        async def index() -> str:
            return "start"

        return app

    return make


def post(client: Client, path: str, **fields: str) -> Any:
    fields_of_browser = {"sec-fetch-site": "same-origin"}
    return client.post(path, data=fields, headers=fields_of_browser, follow_redirects=True)


def sign_in(client: Client, path: str = "/login") -> Any:
    return post(client, path, login="ada@example.com", password=PASSWORD)


def turned_on(client: Client) -> tuple[pyotp.TOTP, list[str]]:
    """Turns it on as a person does."""
    page = client.get("/account/two-factor/begin")
    assert "<svg" in page.text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret is not None
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    wrong = post(client, "/account/two-factor/begin", code="000000")
    assert "not right" in wrong.text
    done = post(client, "/account/two-factor/begin", code=totp.at(int(time.time()) - 30))
    codes = re.findall(r"<code>([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})</code>", done.text)
    assert len(set(codes)) == 10
    return totp, codes


@pytest.mark.row("FLX2")
def test_a_code_is_asked_for_and_good_once(site: Any) -> None:
    app = site()
    with visitor(app) as client:
        client.post("/make")
        assert sign_in(client).text == "start"
        totp, _ = turned_on(client)
        assert "10 codes on paper are left" in client.get("/account/two-factor").text
        post(client, "/logout")

        asked = sign_in(client, "/login?next=/account")
        assert "One more step" in asked.text
        # The password alone is not enough for anything.
        assert client.get("/account", follow_redirects=False).status in (302, 303)
        assert "not right" in post(client, "/login/code", code="123456").text
        code = totp.now()
        done = post(client, "/login/code", code=f"{code[:3]} {code[3:]}")
        assert "Your account" in done.text
        # The same code again, though it is still its time.
        post(client, "/logout")
        sign_in(client)
        assert "not right" in post(client, "/login/code", code=code).text
        assert client.get("/account", follow_redirects=False).status in (302, 303)


def test_a_code_on_paper_is_good_once(site: Any) -> None:
    app = site()
    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        _, codes = turned_on(client)
        post(client, "/logout")
        sign_in(client)
        assert post(client, "/login/code", code=codes[0].lower().replace("-", " ")).text == "start"
        assert "9 codes on paper are left" in client.get("/account/two-factor").text
        post(client, "/logout")
        sign_in(client)
        assert "not right" in post(client, "/login/code", code=codes[0]).text
        assert post(client, "/login/code", code=codes[1]).text == "start"
        renewed = post(client, "/account/two-factor/codes")
        assert codes[2] not in renewed.text
        post(client, "/logout")
        sign_in(client)
        assert "not right" in post(client, "/login/code", code=codes[2]).text


def test_it_can_be_turned_off_again(site: Any) -> None:
    app = site()
    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        turned_on(client)
        assert "No code is asked for" in post(client, "/account/two-factor/off").text
        post(client, "/logout")
        assert sign_in(client).text == "start"


def test_a_secret_that_was_not_confirmed_is_not_asked_for(site: Any) -> None:
    app = site()
    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        first = client.get("/account/two-factor/begin").text
        assert (
            re.search(r"<code>.*</code>", first)[0]
            == re.search(r"<code>.*</code>", client.get("/account/two-factor/begin").text)[0]
        )  # type: ignore[index]
        post(client, "/logout")
        assert sign_in(client).text == "start"


def test_codes_are_not_tried_without_end(site: Any) -> None:
    app = site(limit="6 per minute")
    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        totp, _ = turned_on(client)
        post(client, "/logout")
        sign_in(client)
        statuses = [post(client, "/login/code", code=f"{number:06}").status for number in range(8)]
        assert 429 in statuses
        assert post(client, "/login/code", code=totp.now()).status == 429


def test_of_two_who_bring_one_code_one_is_let_in(site: Any) -> None:
    app = site()

    @app.get("/race", documented=False)
    async def race(accounts: Accounts) -> list[int]:
        steps = app[TWO_FACTOR]
        user = await accounts.find("ada@example.com")
        address = await steps.begin(user)
        totp = pyotp.parse_uri(address)
        codes = await steps.confirm(user, totp.at(int(time.time()) - 30))
        assert codes is not None
        code = totp.now()
        first = await asyncio.gather(*[steps.check(user, code) for _ in range(5)])
        second = await asyncio.gather(*[steps.check(user, codes[0]) for _ in range(5)])
        return [sum(first), sum(second)]

    with visitor(app) as client:
        client.post("/make")
        assert client.get("/race").json() == [1, 1]


def test_the_database_has_no_secret_and_no_code(site: Any) -> None:
    app = site()

    @app.get("/kept", documented=False)
    async def kept() -> list[str]:
        found = [one.sealed for one in await CodeSecret.all()] + [one.key for one in await RecoveryCode.all()]
        return found + [f"{one.kind} {one.detail}" for one in await AuthEvent.all()]

    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        totp, codes = turned_on(client)
        told = " ".join(client.get("/kept").json())
        assert totp.secret not in told
        assert not any(code in told or code.replace("-", "") in told for code in codes)
        assert "two-factor on" in told


@pytest.mark.parametrize(
    "code",
    [
        "",
        "1",
        "12345",
        "1234567",
        "abcdef",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "\x00" * 6,
        "9" * 5000,
        "-1.0e5",
    ],
)
def test_what_is_no_code_is_refused(site: Any, code: str) -> None:
    app = site()
    with visitor(app) as client:
        client.post("/make")
        sign_in(client)
        turned_on(client)
        post(client, "/logout")
        sign_in(client)
        assert post(client, "/login/code", code=code).status in (200, 422)
        assert client.get("/account", follow_redirects=False).status in (302, 303)


def test_who_has_given_no_password_is_sent_to_the_login(site: Any) -> None:
    with visitor(site()) as client:
        assert client.get("/login/code", follow_redirects=False).headers["location"].endswith("/login")
        assert client.get("/account/two-factor", follow_redirects=False).status in (302, 303)

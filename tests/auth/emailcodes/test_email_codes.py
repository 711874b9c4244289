"""Codes that come by mail: turned on, asked for, good once, for a while, and for one account."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from people import PASSWORD, Browsers, arrived, sign_in, with_helpers

from segue import App
from segue.auth.emailcodes.plugin import EmailCodes
from segue.auth.twofactor.plugin import TwoFactor
from segue.i18n import I18n
from segue.testing import Client, captured_mails

LANGUAGES = {
    "en": ("Codes by mail", "We have sent you a mail with a code", "Your code"),
    "de": ("Codes per Mail", "Wir haben Ihnen eine Mail mit einem Code", "Ihr Code"),
    "fr": ("Codes par courriel", "Nous vous avons envoyé un courriel avec un code", "Votre code"),
    "es": ("Códigos por correo", "Le hemos enviado un correo con un código", "Su código"),
    "zh": ("邮件验证码", "我们已向您发送一封带有代码的邮件", "您的代码"),
}


@pytest.fixture
def site(make_app: Callable[..., App]) -> Callable[..., App]:
    def make(*plugins: Any, required: bool = False, **options: Any) -> App:
        codes = EmailCodes(required=required)
        models = [*codes.models, *[model for one in plugins for model in getattr(one, "models", ())]]
        return with_helpers(make_app(codes, *plugins, models=models, **options))

    return make


def code_in(letter: Any) -> str:
    found = re.search(r"\b(\d{4} \d{4})\b", letter.text)
    assert found is not None, letter.text
    return found[1]


def give(client: Client, code: str) -> Any:
    return client.post("/login/mailed-code", data={"code": code})


def test_turned_on_asked_for_and_turned_off(site: Callable[..., App]) -> None:
    app = site()
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        sign_in(client)
        assert "Turn it on" in client.get("/account/mailed-codes").text
        assert client.post("/account/mailed-codes/on").status == 303
        client.post("/logout")
        begun = sign_in(client, next="/me")
        assert begun.headers["location"] == "/login/mailed-code"
        assert client.get("/me").status == 302  # not yet
        assert "sent you a mail" in client.get("/login/mailed-code").text
        letter = arrived(mails, 1)
        assert letter.recipients == ("ann@example.org",)
        code = code_in(letter)
        wrong = give(client, "0000 0000" if code != "0000 0000" else "1111 1111")
        assert (wrong.status, "not right" in wrong.text) == (422, True)
        assert give(client, code.replace(" ", "")).status == 303
        assert client.get("/me").json()["email"] == "ann@example.org"
        assert client.post("/account/mailed-codes/off").status == 303
        client.post("/logout")
        assert sign_in(client).headers["location"] == "/"
        kinds = [kind for kind, *_ in client.get("/events").json()]
        assert ("codes by mail on" in kinds, "codes by mail off" in kinds) == (True, True)


def test_a_code_is_good_once_for_ten_minutes_and_for_one_account(
    site: Callable[..., App], time_machine_travel: Any
) -> None:
    app = site(required=True)
    with captured_mails(app) as mails, Client(app) as client:
        browsers = Browsers(client)
        for name in ("ann", "ben"):
            client.post(f"/new?email={name}@example.org")
        sign_in(client)
        client.get("/login/mailed-code")
        first = code_in(arrived(mails, 1))
        with browsers("ben's"):
            sign_in(client, "ben@example.org")
            client.get("/login/mailed-code")
            arrived(mails, 2)
            assert give(client, first).status == 422
        client.get(
            "/login/mailed-code"
        )  # within a minute there is no other mail, and the first code stays good
        with browsers("ann's other one"):
            sign_in(client)
            assert give(client, first).status == 303
        assert give(client, first).status == 422  # used
        with browsers("later"), time_machine_travel(120):
            sign_in(client)
            client.get("/login/mailed-code")
            second = code_in(arrived(mails, 3))
            assert second != first
            with time_machine_travel(610):
                assert give(client, second).headers["location"] == "/login"  # nobody waits any more


def test_who_guesses_is_stopped(site: Callable[..., App]) -> None:
    app = site(required=True, limit="5 per minute")
    with captured_mails(app), Client(app) as client:
        client.post("/new?email=ann@example.org")
        sign_in(client)
        assert [give(client, f"{number:08}").status for number in range(7)] == [422] * 5 + [429] * 2
        assert give(client, "0").status == 429


def test_codes_of_a_telephone_go_before_those_by_mail(site: Callable[..., App]) -> None:
    app = site(TwoFactor(), required=True)
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        assert sign_in(client).headers["location"] == "/login/mailed-code"
        client.get("/login/mailed-code")
        assert give(client, code_in(arrived(mails, 1))).status == 303


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_and_mails_speak(site: Callable[..., App], language: str) -> None:
    title, sent, subject = LANGUAGES[language]
    app = site(I18n(*LANGUAGES))
    with captured_mails(app) as mails, Client(app, headers={"accept-language": language}) as client:
        client.post("/new?email=ann@example.org")
        sign_in(client)
        assert title in client.get("/account").text
        assert title in client.get("/account/mailed-codes").text
        client.post("/account/mailed-codes/on")
        client.post("/logout")
        sign_in(client)
        assert sent in client.get("/login/mailed-code").text
        assert arrived(mails, 1).subject == subject
        assert client.post("/login", data={"login": "x", "password": PASSWORD}).status == 422

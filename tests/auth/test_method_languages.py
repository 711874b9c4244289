"""What further ways to sign in say, in five languages."""

from __future__ import annotations

from typing import Any

import pytest

from segue import App
from segue.auth import Accounts
from segue.auth.passkeys.plugin import Passkeys
from segue.auth.twofactor.plugin import TwoFactor
from segue.i18n import I18n
from segue.testing import Client

PASSWORD = "nuages over the seine"
LANGUAGES = {
    "en": ("Sign in with a passkey", "Codes of a telephone", "Let a program for codes"),
    "de": ("Mit einem Passkey anmelden", "Codes eines Telefons", "Lassen Sie ein Programm"),
    "fr": ("Se connecter avec une clé d\u2019accès", "Codes d\u2019un téléphone", "Faites lire cette image"),
    "es": ("Iniciar sesión con una llave de acceso", "Códigos de un teléfono", "Haga que una aplicación"),
    "zh": ("使用通行密钥登录", "手机代码", "请用手机上的验证码程序"),
}


@pytest.fixture
def site(make_app: Any) -> App:
    passkeys, two_factor = Passkeys(), TwoFactor()
    models = [*passkeys.models, *two_factor.models]
    app: App = make_app(passkeys, two_factor, I18n(*LANGUAGES), models=models)

    @app.get("/make")
    async def add(accounts: Accounts) -> None:
        await accounts.create(email="ada@example.com", password=PASSWORD)

    return app


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_speak(site: App, language: str) -> None:
    passkey, codes, picture = LANGUAGES[language]
    fields = {"accept-language": language, "sec-fetch-site": "same-origin"}
    with Client(site, base_url="https://localhost", headers=fields) as client:
        client.get("/make")
        assert passkey in client.get("/login").text
        assert passkey in client.get("/login/passkey").text
        client.post("/login", data={"login": "ada@example.com", "password": PASSWORD})
        assert codes in client.get("/account").text
        assert codes in client.get("/account/two-factor").text
        begin = client.get("/account/two-factor/begin").text
        assert picture in begin
        assert f'lang="{language}"' in begin

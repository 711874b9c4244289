"""A person registers, confirms, signs out, signs in and resets, in a browser, in every language, under the strictest policy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from people import OTHER, PASSWORD, arrived, link_in

from segue import App
from segue.auth import User
from segue.html import Page, Templates, render
from segue.i18n import I18n
from segue.security import Security
from segue.testing import LiveServer, captured_mails

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from browser import Tab, opened

LANGUAGES = ("en", "de", "fr", "es", "zh")
WORDS = {
    "en": (
        "Register",
        "Nearly done",
        "Confirm the address",
        "Sign in",
        "Look at your mail",
        "A new password",
    ),
    "de": (
        "Registrieren",
        "Fast fertig",
        "Adresse bestätigen",
        "Anmelden",
        "Sehen Sie in Ihre Mail",
        "Ein neues Passwort",
    ),
    "fr": (
        "S\u2019inscrire",
        "Presque terminé",
        "Confirmer l\u2019adresse",
        "Se connecter",
        "Regardez votre messagerie",
        "Un nouveau mot de passe",
    ),
    "es": (
        "Registrarse",
        "Casi listo",
        "Confirmar la dirección",
        "Iniciar sesión",
        "Mire su correo",
        "Una contraseña nueva",
    ),
    "zh": ("注册", "即将完成", "确认地址", "登录", "请查看您的邮箱", "设置新密码"),
}
PLAIN = '{% extends "segue/page.html" %}{% block main %}<h1>{{ title }}</h1>{% endblock %}'


class Person:
    """Somebody in front of a browser."""

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab = tab
        self.url = url

    def go(self, path: str, title: str) -> None:
        self.tab.command("Page.navigate", url=self.url + path)
        self.sees(title)

    def sees(self, title: str) -> None:
        self.tab.wait_for(
            f"document.readyState == 'complete' && document.querySelector('h1')?.innerText == {json.dumps(title)}"
        )

    def fills(self, **values: str) -> None:
        for name, value in values.items():
            self.tab.value(f"document.querySelector('main [name={name}]').value = {json.dumps(value)}")
        self.tab.value("document.querySelector('main form button[type=submit]').click()")


@pytest.mark.requires("chromium")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_person_does_all_of_it(make_app: Callable[..., App], tmp_path: Path, language: str) -> None:
    app = make_app(I18n(*LANGUAGES), Security(https=False), Templates(None, texts={"plain.html": PLAIN}))

    @app.get("/")
    async def index() -> Page:
        return render("plain.html", title="Films")

    @app.get("/me")
    async def me(user: User) -> Page:
        return render("plain.html", title=user.email)

    register, done, confirm, sign_in, look, choose = WORDS[language]
    email = f"{language}@example.org"
    with (
        captured_mails(app) as mails,
        LiveServer(app) as server,
        opened("about:blank", tmp_path / "profile") as tab,
    ):
        tab.command("Network.enable")
        tab.command("Network.setExtraHTTPHeaders", headers={"Accept-Language": f"{language},en;q=0.1"})
        person = Person(tab, server.url)
        person.go("/register", register)
        assert tab.value("document.documentElement.lang") == language
        person.fills(email=email, password=PASSWORD)
        person.sees(done)
        person.go(link_in(arrived(mails, 1)), confirm)
        person.fills()
        person.sees(sign_in)
        person.fills(login=email, password=PASSWORD)
        person.sees("Films")
        person.go("/me", email)
        person.go("/logout", tab_word(language))
        person.fills()
        person.sees("Films")
        tab.command("Page.navigate", url=server.url + "/me")
        person.sees(sign_in)
        tab.value("""document.querySelector('a[href="/password/forgot"]').click()""")
        tab.wait_for("document.readyState == 'complete' && location.pathname == '/password/forgot'")
        person.fills(email=email)
        person.sees(look)
        person.go(link_in(arrived(mails, 2)), choose)
        assert tab.value("location.pathname") == "/password/new"
        person.fills(password=OTHER)
        person.sees(sign_in)
        person.fills(login=email, password=OTHER)
        person.sees("Films")
        assert tab.complaints == []


def tab_word(language: str) -> str:
    return {
        "en": "Sign out",
        "de": "Abmelden",
        "fr": "Se déconnecter",
        "es": "Cerrar sesión",
        "zh": "退出登录",
    }[language]

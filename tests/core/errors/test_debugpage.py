"""The page of an error in development: what it shows, to whom, and what it never shows."""

from __future__ import annotations

import re
from typing import Any

import pytest

from segue import App, Request, Struct
from segue.core.errors.masking import MASKED, Masker
from segue.testing import Client, ClientOptions

HTML = {"accept": "text/html"}


class Account(Struct):
    user: str
    api_key: str


class Session:
    def __init__(self, password: str) -> None:
        self.password = password

    def __repr__(self) -> str:
        return f"Session({self.password})"


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def failing(*, development: bool = True) -> App:
    app = App("shop", debug=True)
    app.development = development

    @app.get("/fail/{id:int}")
    async def fail(id: int, request: Request) -> str:
        title = "Minor Swing"
        password = "tr0ub4dor"
        account = Account("django", "k-123456789")
        session = Session("gypsyjazz")
        options = {"depth": 3, "token": "t-abcdefgh", "inner": [{"secret": "s-12345678"}]}
        address = "postgres://django:rootpass@localhost/shop"
        odd = Unshowable()
        long = "x" * 10_000
        copied = f"signed in with {password}"
        raise ValueError(
            f"{title} failed for {copied} {session.password} {account.user} {len(options)} {len(address + long)} {odd is None}"
        )

    return app


SECRETS = ("tr0ub4dor", "k-123456789", "gypsyjazz", "t-abcdefgh", "s-12345678", "rootpass", "c00kie-value", "b34rer-value",
           "query-t0ken")  # fmt: skip


def page(app: App, **options: Any) -> str:
    client_options: ClientOptions = {"raise_server_exceptions": False, **options}
    with Client(app, **client_options) as client:
        headers = {
            **HTML,
            "authorization": "Bearer b34rer-value",
            "cookie": "sid=c00kie-value",
            "x-trace": "abc",
        }
        return client.get("/fail/7?page=2&token=query-t0ken", headers=headers).text


def test_it_shows_frames_values_and_the_request() -> None:
    text = page(failing())
    for told in ("Minor Swing", "fail/7", "ValueError", "x-trace", "abc", "Account(user=&#x27;django&#x27;", "its repr raised RuntimeError", "... (10,002 characters)"):  # fmt: skip
        assert told in text, told
    assert re.search(r"<mark><i>\d+</i>", text)
    assert "As text" in text


@pytest.mark.row("SEC-56")
def test_what_is_secret_is_masked_wherever_it_is_met() -> None:
    text = page(failing())
    assert MASKED in text
    assert [secret for secret in SECRETS if secret in text.replace('password = "', "")] == []
    with Client(failing(), raise_server_exceptions=False) as client:
        problem = client.get("/fail/7?token=query-t0ken").text
    assert "Minor Swing failed for" in problem
    assert [secret for secret in SECRETS if secret in problem] == []


@pytest.mark.row("SEC-56")
def test_it_runs_no_code_and_asks_nobody_else() -> None:
    text = page(failing())
    for tag in ("<script", "<form", "<input", "<button", "<iframe", " on", "src=", "http-equiv"):
        assert tag not in re.sub(r"<(?:pre|td|div|p|summary|th)\b[^>]*>[^<]*", "", text), tag
    with Client(failing(), raise_server_exceptions=False) as client:
        policy = client.get("/fail/7", headers=HTML).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_without_segue_run_there_are_no_values() -> None:
    text = page(failing(development=False))
    assert "Minor Swing failed for" in text
    assert "x-trace" not in text
    assert "Account(" not in text


@pytest.mark.row("SEC-56")
@pytest.mark.parametrize(
    "options",
    [
        {"client": ("192.0.2.7", 5000)},
        {"client": ("::ffff:192.0.2.7", 5000)},
        {"base_url": "http://shop.example.com"},
        {"base_url": "http://localhost.example.com"},
        {"base_url": "http://127.0.0.1.nip.io"},
        {"headers": {"x-forwarded-for": "192.0.2.7"}},
        {"headers": {"forwarded": "for=192.0.2.7"}},
    ],
)
def test_who_is_not_on_this_machine_sees_nothing(options: dict[str, Any]) -> None:
    text = page(failing(), **options)
    assert "Minor Swing" not in text
    assert "Traceback" not in text
    assert "test_debugpage" not in text


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8000"])
def test_every_name_of_this_machine_will_do(url: str) -> None:
    assert "Minor Swing" in page(failing(), base_url=url, client=("::1", 9))


def test_the_causes_are_told_each_with_its_frames() -> None:
    app = App(debug=True)
    app.development = True

    @app.get("/")
    async def index() -> str:
        number = "seven"
        try:
            return str(int(number))
        except ValueError as error:
            raise LookupError("no such film") from error

    with Client(app, raise_server_exceptions=False) as client:
        text = client.get("/", headers=HTML).text
    assert (
        text.index("LookupError: no such film")
        < text.index("It came from")
        < text.index("ValueError: invalid literal")
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("password", "x", MASKED),
        ("DB_PASSWORD", "x", MASKED),
        ("api_key", "x", MASKED),
        ("x-api-key", "x", MASKED),
        ("keyboard", "qwerty", "'qwerty'"),
        ("monkey", "bobo", "'bobo'"),
        ("items", [1, 2], "[1, 2]"),
        ("empty", (), "()"),
        ("pair", ("authorization", "Basic abcdef"), f"('authorization', {MASKED})"),
        ("header", "Bearer abcdefgh", f"'Bearer {MASKED}'"),
        ("url", "redis://:hunter2@localhost", f"'redis://:{MASKED}@localhost'"),
        ("many", list(range(30)), "[" + ", ".join(map(str, range(20))) + ", ... (30 in all)]"),
    ],
)
def test_a_value_is_written_short_and_without_secrets(name: str, value: object, told: str) -> None:
    assert Masker().value(name, value) == told


def test_values_that_contain_themselves_come_to_an_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    masker = Masker()
    masker.learn("loop", loop)
    assert masker.value("loop", loop) == "[[[[...]]]]"

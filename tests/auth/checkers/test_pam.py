"""Passwords of the accounts of the system, by a service that this test makes for itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from people import PASSWORD, sign_in

from segue import App, Request
from segue.auth.checkers.pam import PAM
from segue.auth.checkers.plugin import CheckPasswordsWith
from segue.core.identity import identity_of
from segue.testing import Client

pytestmark = pytest.mark.requires("pam")

# pam_exec hands the password over on the standard input, with a NUL at its end.
CHECK = """#!/bin/sh
given=$(tr -d '\\000')
case "$PAM_USER:$given" in
    "ann:{password}"|"late:{password}") exit 0 ;;
esac
exit 1
"""
STILL = """#!/bin/sh
[ "$PAM_USER" != late ]
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    """A service that knows `ann`, and `late`, whose account is over."""
    name = f"segue-test-{secrets.token_hex(6)}"
    for script, text in (("check", CHECK.format(password=PASSWORD)), ("still", STILL)):
        (tmp_path / script).write_text(text)
        (tmp_path / script).chmod(0o755)
    rules = Path("/etc/pam.d") / name
    rules.write_text(
        f"auth required pam_exec.so expose_authtok quiet {tmp_path}/check\naccount required pam_exec.so quiet {tmp_path}/still\n"
    )
    try:
        yield name
    finally:
        rules.unlink()


def test_the_system_says_whether_a_password_is_right_and_an_account_still_good(service: str) -> None:
    source = PAM(name="system", title="System", service=service, domain="example.org")

    def asked(login: str, password: str = PASSWORD) -> Any:
        return anyio.run(source.check, login, password)

    for login in ("ann", "ann@example.org"):
        person = asked(login)
        assert (person.subject, person.login, person.email, person.email_verified) == (
            "ann",
            "ann",
            "ann@example.org",
            True,
        )
    assert asked("ann", "another password") is None
    assert asked("late") is None
    assert asked("ben") is None
    assert asked("ann@evil.example") is None


def test_somebody_of_the_system_signs_in(make_app: Callable[..., App], service: str) -> None:
    checker = CheckPasswordsWith(PAM(name="system", title="System", service=service))
    app = make_app(checker, models=checker.models, names=True, registration="closed")

    @app.get("/who")
    async def who(request: Request) -> dict[str, Any]:
        identity: Any = await identity_of(request)
        return {"name": identity and identity.user.name, "email": identity and identity.user.email}

    with Client(app) as client:
        assert sign_in(client, "ann", "another password").status == 422
        assert sign_in(client, "late").status == 422
        assert sign_in(client, "ann\0").status == 422
        for _ in range(2):
            assert sign_in(client, "ann").status == 303
            assert client.get("/who").json() == {"name": "ann", "email": None}
            client.post("/logout")

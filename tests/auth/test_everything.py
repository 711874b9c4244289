"""Rows that are about all of it: what Django's and Emmett's auth do, and exactly ten logins of two hundred over four workers."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from papers import Note
from people import OTHER, PASSWORD, arrived, cheap, link_in, sign_in, with_helpers

import segue
from segue import App
from segue.auth import (
    Account,
    Accounts,
    LoginRequired,
    SignedIn,
    User,
    grant,
    has_permission,
    may,
    requires,
    signed_in,
)
from segue.testing import Client, captured_mails


class Customer(Account, table="auth_customer"):
    """A user model of an app's own."""


@pytest.mark.row("DJ-16")
@pytest.mark.parametrize("model", [User, Customer])
def test_what_an_auth_of_a_full_framework_has(make_app: Callable[..., App], model: Any) -> None:
    """Login, logout, change and reset by mail; groups and permissions of models; every user model; hashes upgraded; a login for all."""
    app = make_app(LoginRequired(), user=model, models=[Note])
    app.get("/about", skip=["login-required"])(lambda: "about")
    app.mount("/mounted", lambda environ, start: [])

    @app.post("/new", skip=["csrf", "login-required"])
    async def new(accounts: Accounts) -> None:
        user = await accounts.create(email="ann@example.org")
        # As Django has written it, with fewer rounds.
        await accounts.write(user, password="pbkdf2_sha256$1000$seasalt$" + _django(PASSWORD))
        await accounts.groups.add(user, "editors")
        for action in ("add", "change", "view"):
            await grant("group:editors", action, Note)

    @app.get("/rights")
    async def rights(identity: SignedIn) -> dict[str, Any]:
        return {
            "model": type(identity.user).__name__,
            "may": [
                action for action in ("add", "change", "delete", "view") if await may(identity, action, Note)
            ],
            "hash": identity.user.password.partition("$v=")[0],
        }

    inner = App("inner")
    inner.get("/page")(lambda: "page")
    app.include(inner, at="/inner")
    app.put("/notes", permission="auth_note.change")(lambda: "changed")
    app.delete("/notes", permission="auth_note.delete")(lambda: "deleted")
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new")
        assert client.get("/inner/page").headers["location"] == "/login?next=%2Finner%2Fpage"
        assert (client.get("/about").text, client.get("/mounted/x").status) == ("about", 302)
        sheet = re.search(r'href="(/_segue/[^"]+)"', client.get("/login").text)
        assert sheet is not None
        assert (client.get(sheet[1]).status, client.get("/password/forgot").status) == (200, 200)
        assert client.put("/notes").status == 403
        assert sign_in(client).status == 303
        assert client.get("/inner/page").text == "page"
        assert client.get("/rights").json() == {
            "model": model.__name__,
            "may": ["add", "change", "view"],
            "hash": "$argon2id",
        }
        assert (client.put("/notes").text, client.delete("/notes").status) == ("changed", 403)
        changed = client.post("/account/password", data={"current": PASSWORD, "password": OTHER})
        assert changed.status == 303
        client.post("/logout")
        assert client.get("/inner/page").status == 302
        arrived(mails, 1)
        client.post("/password/forgot", data={"email": "ann@example.org"})
        client.get(link_in(arrived(mails, 2)))
        assert client.post("/password/new", data={"password": PASSWORD}).status == 303
        assert sign_in(client).status == 303


def _django(password: str) -> str:
    import hashlib
    from base64 import b64encode

    return b64encode(hashlib.pbkdf2_hmac("sha256", password.encode(), b"seasalt", 1000)).decode()


@pytest.mark.row("EM-08")
def test_groups_permissions_events_and_mails_with_a_decorator_that_requires(
    make_app: Callable[..., App],
) -> None:
    app = with_helpers(make_app())

    @app.get("/desk")
    @requires(signed_in() & has_permission("publish"))
    async def desk() -> str:
        return "the desk"

    @app.post("/promote", skip=["csrf"])
    async def promote(accounts: Accounts) -> None:
        user = await accounts.find("ann@example.org")
        await accounts.groups.add(user, "editors")
        await grant("group:editors", "publish")

    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        sign_in(client, password="wrong password")
        sign_in(client)
        assert client.get("/desk").status == 403
        client.post("/promote")
        assert client.get("/desk").text == "the desk"
        client.post("/password/forgot", data={"email": "ann@example.org"})
        client.get(link_in(arrived(mails, 1)))
        client.post("/password/new", data={"password": OTHER})
        kinds = [kind for kind, owner, _ in client.get("/events").json() if owner == "1"]
        assert kinds == ["created", "refused", "signed in", "joined", "reset asked for", "password changed"]


WORKERS = """
from segue import App
from segue.auth import Accounts, Auth, Passwords, User
from segue.db import Database
from segue.mail import Mail
from segue.security import Hosts, Limiter, Sessions

auth = Auth(passwords=Passwords(memory=64, rounds=1, lanes=1))
database = Database({database!r}, models=auth.models)
app = App(plugins=[
    database, auth, Sessions({sessions!r}, key={key!r}), Limiter({counts!r}), Mail("memory:"), Hosts(["127.0.0.1"]),
])
"""


@pytest.mark.timeout(300)
def test_two_hundred_logins_at_once_over_four_workers_and_exactly_ten_pass(tmp_path: Path) -> None:
    import asyncio

    from segue.auth import Auth
    from segue.db import Database

    url = f"sqlite:///{tmp_path}/accounts.db"
    (tmp_path / "logins.py").write_text(
        WORKERS.format(
            database=url, sessions=f"{tmp_path}/sessions.db", counts=f"{tmp_path}/limits.db",
            key="the-secret-key-of-these-workers-0123456789-abcdefghijklmn",
        )
    )  # fmt: skip

    async def prepared() -> None:
        async with Database(url, models=Auth().models) as database:
            await database.create_all()
            from datetime import UTC, datetime

            await User.create(
                email="ann@example.org", password=await cheap().hash(PASSWORD), confirmed=datetime.now(UTC)
            )

    asyncio.run(prepared())
    environment = {**os.environ, "PYTHONPATH": str(Path(segue.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    command = [
        sys.executable,
        "-m",
        "segue",
        "serve",
        f"{tmp_path}/logins.py:app",
        "--port",
        "0",
        "--workers",
        "4",
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    )
    drain = threading.Thread()
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            pytest.fail("".join(lines))
        port = int(found[1])
        drain = threading.Thread(target=lambda: lines.extend(process.stdout or ()), daemon=True)
        drain.start()
        body = urlencode({"login": "ann@example.org", "password": PASSWORD})
        fields = {"content-type": "application/x-www-form-urlencoded"}

        def login(_: int) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
            try:
                connection.request("POST", "/login", body, fields)
                response = connection.getresponse()
                response.read()
                return response.status
            finally:
                connection.close()

        with ThreadPoolExecutor(40) as pool:
            answers = Counter(pool.map(login, range(200)))
        assert answers == {303: 10, 429: 190}, "".join(lines[-20:])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        if drain.is_alive():
            drain.join(10)
        if process.stdout is not None:
            process.stdout.close()


def test_accounts_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "site.py").write_text(
        "from segue import App\n"
        "from segue.auth import Auth, Passwords\n"
        "from segue.db import Database\n"
        "from segue.mail import Mail\n"
        "from segue.security import Sessions\n"
        "auth = Auth(passwords=Passwords(memory=64, rounds=1, lanes=1))\n"
        f"app = App(plugins=[Database('sqlite:///{tmp_path}/c.db', models=auth.models, migrate=True), auth, Mail('memory:'),\n"
        "    Sessions(key='the-secret-key-of-this-command-0123456789-abcdefghijklmnop')])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(segue.__file__).parents[1])}

    def run(*words: str, said: str = "") -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "segue", "--app", "site.py:app", "auth", *words],
            env=environment, cwd=tmp_path, input=said, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    assert run("create-user", "ann@example.org", "--name", "ann", "--admin", said=f"{PASSWORD}\n") == (
        0, "Made ann@example.org, who may do everything.\n",
    )  # fmt: skip
    weak, told = run("create-user", "ben@example.org", said="short\n")
    assert (weak != 0, "at least 12" in told) == (True, True)
    assert "in staff/editors" in run("join", "ann", "staff/editors")[1]
    assert "may publish" in run("grant", "group:staff", "publish")[1]
    assert "never given" in run("revoke", "group:staff", "other")[1]
    assert "is blocked" in run("set-state", "ann", "blocked")[1]
    code, told = run("events", "--login", "ann")
    assert (code, [word in told for word in ("created", "joined", "made blocked")]) == (0, [True] * 3)
    assert "There is no account" in run("set-password", "nobody")[1]


def test_ways_to_sign_in_are_at_the_front_door_and_load_no_library_that_they_may_not_need() -> None:
    program = (
        "import sys, segue.auth as auth\n"
        "for name in auth.__all__: getattr(auth, name)\n"
        "print(*[one for one in ('authlib', 'joserfc', 'lxml', 'pam', 'pyasn1', 'pyotp', 'signxml', 'webauthn') if one in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(segue.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=120
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr

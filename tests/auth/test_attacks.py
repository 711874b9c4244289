"""Attacks on accounts: finding out who has one, taking mails and sessions over, guessing."""

from __future__ import annotations

import gc
import random
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from people import PASSWORD, Browsers, arrived, link_in, sign_in, with_helpers

from segue import App
from segue.auth import Accounts, Passwords
from segue.testing import AsyncClient, Client, captured_mails

KINDS = ("unknown", "known", "blocked", "empty")
SAMPLES = 200


@pytest.mark.row("SEC-64")
@pytest.mark.timeout(600)
def test_nobody_learns_from_an_answer_or_its_time_who_has_an_account(make_app: Callable[..., App]) -> None:
    # The hash is the real work; a tenth of the default is enough to stand for it.
    app = make_app(passwords=Passwords(memory=8 * 1024, rounds=2, lanes=1), limit="100000 per minute")

    @app.post("/set-up", skip=["csrf"])
    async def set_up(accounts: Accounts) -> None:
        await accounts.create(email="known@example.org", password=PASSWORD)
        await accounts.create(email="empty@example.org")
        blocked = await accounts.create(email="blocked@example.org", password=PASSWORD)
        await accounts.set_state(blocked, "blocked")

    def login(client: Any, kind: str) -> Any:
        # Of the account that is blocked the password is right; all others are wrong.
        word = PASSWORD if kind == "blocked" else "something else altogether"
        return client.post("/login", data={"login": f"{kind}@example.org", "password": word})

    def reset(client: Any, kind: str) -> Any:
        return client.post("/password/forgot", data={"email": f"{kind}@example.org"})

    with captured_mails(app), Client(app) as client:
        client.post("/set-up")
        for ask in (login, reset):
            answers = {kind: ask(client, kind) for kind in KINDS}
            texts = {
                re.sub(r'name="_csrf" value="[^"]+"', "", answer.text.replace(f"{kind}@example.org", ""))
                for kind, answer in answers.items()
            }
            assert (len(texts), len({answer.status for answer in answers.values()})) == (1, 1)
            taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
            for _ in range(
                12
            ):  # what is chance grows less with each further round of samples, what is a difference stays
                sample(taken, lambda kind, ask=ask: ask(client, kind))
                medians = {kind: statistics.median(shares) for kind, shares in taken.items()}
                if max(medians.values()) <= 1.05 * min(medians.values()):
                    break
            else:
                pytest.fail(f"{ask.__name__}: {medians}")


def sample(taken: dict[str, list[float]], ask: Callable[[str], Any]) -> None:
    """What each kind takes, as a share of its round: what slows all of a round down says nothing about one of them."""
    gc.collect()
    for _ in range(SAMPLES):
        times = {}
        for kind in random.sample(KINDS, len(KINDS)):
            began = time.perf_counter()
            ask(kind)
            times[kind] = time.perf_counter() - began
        for kind, seconds in times.items():
            taken[kind].append(seconds / statistics.mean(times.values()))


@pytest.mark.row("SEC-65")
def test_a_reset_goes_to_the_address_that_is_kept_by_a_link_of_the_configured_origin(
    make_app: Callable[..., App],
) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=mike@example.org")
        # Letters that only look alike, or become alike when capitals are made small: nobody's address.
        for twin in (
            "m\u0131ke@example.org",
            "mi\u212ae@example.org",
            "M\u0130KE@example.org",
            "mike@example.org\u200b",
            "\uff4dike@example.org",
        ):
            assert client.post("/password/forgot", data={"email": twin}).status == 200
        client.post("/password/forgot", data={"email": "MIKE@Example.ORG"})
        letter = arrived(mails, 1)
        assert letter.recipients == ("mike@example.org",)
        for host in ("evil.example", "films.example@evil.example", "localhost:80@evil.example"):
            forged = client.post(
                "/password/forgot",
                data={"email": "mike@example.org"},
                headers={"host": host, "x-forwarded-host": "evil.example"},
            )
            assert forged.status == 400
        client.post(
            "/password/forgot",
            data={"email": "mike@example.org"},
            headers={"x-forwarded-host": "evil.example", "forwarded": "host=evil.example"},
        )
        second = arrived(mails, 2)
        assert "evil" not in second.text
        assert link_in(second).startswith("/password/reset/")


def test_links_in_mails_need_an_origin_and_believe_no_request(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app(origin=""))
    with captured_mails(app) as mails, Client(app, raise_server_exceptions=False) as client:
        client.post("/new?email=ann@example.org")
        client.post("/password/forgot", data={"email": "ann@example.org"})
        assert client.post("/register", data={"email": "b@example.org", "password": PASSWORD}).status == 500
        assert len(mails) == 0


def test_a_token_is_worth_nothing_for_another_account_purpose_or_key(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/new?email=ann@example.org")
        client.post("/register", data={"email": "ben@example.org", "password": PASSWORD})
        confirm = link_in(arrived(mails, 1))
        client.post("/password/forgot", data={"email": "ann@example.org"})
        reset = link_in(arrived(mails, 2))
        assert client.get(reset.replace("/password/reset/", "/confirm/")).status == 410
        assert client.get(confirm.replace("/confirm/", "/password/reset/")).status == 410
        for token in ("", "x", "a.b.c", "." * 300, "%00", "é"):
            assert client.get(f"/password/reset/{token}").status in (400, 404, 410)
        first = client.get(reset)
        assert first.status == 303
        # A second mail does not make the first one worthless, a use of either does.
        client.post("/password/forgot", data={"email": "ann@example.org"})
        second = link_in(arrived(mails, 3))
        assert client.post("/password/new", data={"password": "another password 1"}).status == 303
        assert client.get(second).status == 410


def test_the_session_is_another_one_after_each_change_of_who_it_is(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with Client(app) as client:
        client.post("/new?email=ann@example.org")
        client.cookies.set("__Host-session", "A" * 43)  # planted
        sign_in(client)
        first = client.cookies["__Host-session"]
        assert first != "A" * 43
        client.post("/login/again", data={"password": PASSWORD})
        second = client.cookies["__Host-session"]
        client.post("/account/password", data={"current": PASSWORD, "password": "another password 1"})
        third = client.cookies["__Host-session"]
        assert len({first, second, third}) == 3
        client.post("/logout")
        for old in (first, second, third):
            client.cookies.set("__Host-session", old)
            assert client.get("/me").status == 302


def test_what_comes_after_the_login_is_a_page_of_this_site(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())
    with Client(app) as client:
        client.post("/new?email=ann@example.org")
        browsers = Browsers(client)
        for number, target in enumerate(
            (
                "//evil.example",
                "/\\evil.example",
                "https:evil.example",
                "/%09/evil.example",
                "javascript:x",
                "",
            )
        ):
            with browsers(str(number)):
                done = client.post(
                    f"/login?next={target}", data={"login": "ann@example.org", "password": PASSWORD}
                )
                assert (done.status, done.headers["location"]) == (303, "/")


def test_an_account_is_limited_and_so_is_an_address(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app(limit="3 per minute"))
    with Client(app) as client:
        client.post("/new?email=ann@example.org")
        tried = [sign_in(client, password=f"wrong {number}").status for number in range(4)]
        assert tried == [422, 422, 422, 429]
        refused = sign_in(client)  # with the right one
        assert (refused.status, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert sign_in(client, "unknown@example.org").status == 429  # from the same address


@pytest.mark.anyio
async def test_the_loop_does_not_wait_for_a_hash(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app(passwords=Passwords(memory=64 * 1024, rounds=8, lanes=1, at_once=1)))

    @app.get("/tick")
    async def tick() -> str:
        return "tick"

    import asyncio

    async with AsyncClient(app) as client:
        login = asyncio.ensure_future(
            client.post("/login", data={"login": "nobody@example.org", "password": "something else"})
        )
        ticks = 0
        while not login.done():
            await client.get("/tick")
            ticks += 1
            await asyncio.sleep(0)
        assert (await login).status == 422
        # One hash takes as long as hundreds of these; on a loop that waits there would be one or two.
        assert ticks > 10


def test_who_has_forged_ids_and_flags_in_a_form_gets_nothing_by_it(make_app: Callable[..., App]) -> None:
    app = with_helpers(make_app())

    @app.get("/flags")
    async def flags(accounts: Accounts) -> dict[str, Any]:
        user = await accounts.find("ann@example.org")
        return {"id": user.id, "is_admin": user.is_admin, "confirmed": user.confirmed, "state": user.state}

    forged = {"is_admin": "on", "id": "77", "state": "active", "confirmed": "2020-01-01", "stamp": "x"}
    with captured_mails(app), Client(app) as client:
        client.post("/register", data={"email": "ann@example.org", "password": PASSWORD, **forged})
        assert client.get("/flags").json() == {
            "id": 1,
            "is_admin": False,
            "confirmed": None,
            "state": "active",
        }


def test_an_app_that_guards_its_accounts_signs_people_in_all_the_same(make_app: Callable[..., App]) -> None:
    from segue.auth import Account, protect

    class Member(Account, table="auth_guarded_member"):
        pass

    protect(Member, view=lambda who: Member.id == (who.key or 0))
    app = make_app(user=Member)

    @app.post("/new", skip=["csrf"])
    async def new(accounts: Accounts) -> None:
        await accounts.create(email="ann@example.org", password=PASSWORD)

    @app.get("/count")
    async def count() -> dict[str, int]:
        return {"count": await Member.all().count()}

    with Client(app) as client:
        client.post("/new")
        assert client.get("/count").json() == {"count": 0}
        assert sign_in(client).status == 303
        assert client.get("/count").json() == {"count": 1}
        assert (
            client.post("/account/password", data={"current": PASSWORD, "password": "another one 12"}).status
            == 303
        )

"""What type checkers know of accounts and permissions."""

from typing import Any, assert_type

from segue import App, Request
from segue.auth import (
    Account,
    Accounts,
    Auth,
    Decision,
    LoginRequired,
    Predicate,
    SignedIn,
    User,
    Who,
    accessible,
    any_of,
    current_user,
    decide,
    has_permission,
    in_group,
    may,
    protect,
    requires,
)
from segue.db import Condition, Database, Field, Model, Query, field


class Member(Account, table="member"):
    nickname: Field[str] = field(default="")


class Paper(Model):
    owner: Field[int]


app = App(plugins=[Database(), Auth(Member, registration="approval", names=True), LoginRequired()])
Auth(registration="sometimes")  # type: ignore[arg-type] # one of three words
Auth(dict)  # type: ignore[arg-type] # no account


@app.get("/me")
async def me(user: Member, identity: SignedIn, accounts: Accounts) -> str:
    assert_type(user.nickname, str)
    assert_type(user.email, str | None)
    assert_type(identity.proven, float)
    return user.nickname


def own(who: Who) -> Condition | bool:
    return who.owns(Paper.owner)


protect(Paper, view=own, change=own)


@app.get("/papers")
@requires(any_of(in_group("staff"), has_permission("change", Paper)))
async def papers(request: Request) -> Query[Paper]:
    assert_type(in_group("a") | ~in_group("b"), Predicate)
    assert_type(decide(request, [], "view"), Decision)
    assert_type(await may(None, "view", Paper), bool)
    assert_type(accessible(Paper, "change", None), Query[Paper])
    assert_type(accessible(Paper.where(Paper.owner == 1), "change", None), Query[Paper])
    user: Any = current_user()
    return accessible(Paper, "view", user)


User(email="a@example.org")

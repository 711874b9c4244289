"""A model that is put into a page whole does not show its private fields by accident."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from segue import App, Private, WriteOnly
from segue.db import Field, Model, field
from segue.html import Page, Templates, render
from segue.testing import Client

WHOLE = """{{ user }} {{ user|tojson }} {{ user|json_script("u") }} {{ [user] }} {{ {"a": [user]}|tojson }} {{ {"a": user} }} {{ (user,) }}
<i title="{{ user }}">{{ user.name }}</i>{% macro m(x) %}{{ x }}{% endmacro %}{{ m(user) }}<script>let u = {{ [user]|tojson }}</script>"""


class Plain(msgspec.Struct):
    name: str
    hash: Private[str] = "SECRET"
    pin: WriteOnly[str] = "SECRET"


@dataclasses.dataclass
class Data:
    name: str
    hash: Private[str] = "SECRET"


class Team(msgspec.Struct):
    name: str
    members: list[Plain]


class Stored(Model):
    name: Field[str]
    hash: Field[str] = field(private=True)
    pin: Field[str] = field(write_only=True)


MODELS = [
    Plain("Django"),
    Data("Django"),
    Team("Django", [Plain("Stéphane")]),
    Stored(name="Django", hash="SECRET", pin="SECRET"),
]


@pytest.mark.parametrize("user", MODELS, ids=lambda user: type(user).__name__)
def test_a_model_that_is_shown_whole_keeps_its_private_fields(user: Any) -> None:
    app = App(plugins=[Templates(None, texts={"page.html": WHOLE, "named.html": "{{ user.hash }}"})])

    @app.get("/")
    async def page() -> Page:
        return render("page.html", user=user)

    @app.get("/given", template="page.html")
    async def given() -> dict[str, Any]:
        return {"user": user}

    @app.get("/named")
    async def named() -> Page:
        return render("named.html", user=user)

    client = Client(app)
    for path in ("/", "/given"):
        text = client.get(path).text
        assert "SECRET" not in text
        assert text.count("Django") >= 8
    if not isinstance(user, Team):
        assert client.get("/named").text == "SECRET", "what is named is meant"

"""What elsewhere are eleven plugins, here those of Segue and one of a stranger's, in one app."""

from __future__ import annotations

import secrets
from decimal import Decimal
from pathlib import Path
from typing import Any

import click.testing
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from segue import App, Conflict, Query, SeeOther, Setup
from segue.cli import main
from segue.html import Htmx, Page, Templates, hx, render
from segue.observe import Metrics, Tracing
from segue.openapi import OpenAPI
from segue.security import Flash, MemorySessions, Sessions
from segue.testing import Client

PAGE = "<h1>Films</h1>{% block list %}<ul><li>{{ film }}</li></ul>{% endblock %}"


class Money:
    def __init__(self, text: str) -> None:
        self.amount = Decimal(text)


class Bank:
    def price(self) -> Money:
        return Money("3.5")


class Shop:
    """A stranger's plugin: it begins with the app, and brings a type of JSON, its schema, an object, a command."""

    name = "shop"

    def setup(self, to: Setup) -> None:
        to.json_type(
            Money,
            write=lambda money: f"{money.amount:.2f}",
            schema={"type": "string", "format": "money"},
        )
        to.provide(Bank)
        to.get("/price")(price)
        to.command(buy)


async def price(bank: Bank) -> dict[str, Money]:
    return {"price": bank.price()}


async def buy(bank: Bank, film: str) -> str:
    """Buys a film."""
    return f"{film} for {bank.price().amount}"


def films(provider: TracerProvider, folder: Path) -> App:
    (folder / "films.html").write_text(PAGE)
    app = App(
        "plugins",
        plugins=[
            Shop(),
            OpenAPI("Films", "1.0"),
            Templates(folder),
            Sessions(MemorySessions(), key=secrets.token_urlsafe(64)),
            Metrics(),
            Tracing(provider),
        ],
    )

    @app.get("/films")
    async def listed(htmx: Htmx) -> Page:
        return render("films.html#list" if htmx else "films.html", film="Nuages")

    @app.post("/films")
    async def add(flash: Flash) -> None:
        flash("Saved.", "success")
        raise SeeOther("/messages")

    @app.get("/messages")
    async def messages(flash: Flash) -> list[str]:
        return [message.text for message in flash]

    @app.get("/saved")
    async def saved() -> Any:
        return hx("ok", trigger="saved")

    @app.get("/taken")
    async def taken(by: Query[int] = 0) -> None:
        raise Conflict("taken already")

    return app


PROGRAM = """
from segue import App
from test_plugins import Shop

app = App("program", plugins=[Shop()])
"""


@pytest.mark.row("LI11")
def test_all_of_them_in_one_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with Client(films(provider, tmp_path)) as client:
        # Injection, serialisation, schema.
        assert client.get("/price").json() == {"price": "3.50"}
        document = client.get("/openapi.json").json()
        answer = document["paths"]["/price"]["get"]["responses"]["200"]["content"]["application/json"]
        assert answer["schema"]["additionalProperties"] == {"type": "string", "format": "money"}

        # Messages for the next page, and htmx.
        assert client.post("/films", follow_redirects=True).json() == ["Saved."]
        assert client.get("/films").text == "<h1>Films</h1><ul><li>Nuages</li></ul>"
        assert client.get("/films", headers={"hx-request": "true"}).text == "<ul><li>Nuages</li></ul>"
        assert client.get("/saved").headers["hx-trigger"] == "saved"

        # Problem details.
        problem = client.get("/taken", headers={"accept": "application/problem+json"})
        assert (problem.status, problem.content_type) == (409, "application/problem+json")
        assert problem.json()["detail"] == "taken already"
        assert client.get("/taken", headers={"accept": "text/html"}).content_type == "text/html"

        # Metrics and traces.
        assert (
            'http_requests_total{method="GET",route="/price",status="200"} 1.0' in client.get("/metrics").text
        )
    assert "GET /price" in {one.name for one in spans.get_finished_spans()}

    # Commands.
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    said = click.testing.CliRunner().invoke(main, ["exec", "program.py", "buy", "Nuages"])
    assert (said.exit_code, said.output.strip()) == (0, "Nuages for 3.5"), said.output

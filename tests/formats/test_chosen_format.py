"""Handlers that ask which format the client has chosen."""

from __future__ import annotations

from typing import Any

import pytest

from segue import App, Response
from segue.core.plan import FreezeError
from segue.formats import CSV, JSON, Format, JSONLines
from segue.testing import Client


def test_the_chosen_format_is_told_before_the_handler_runs() -> None:
    app = App()

    @app.get("/on-the-loop", formats=[JSON, CSV, JSONLines], suffixes=True)
    async def on_the_loop(format: Format) -> list[dict[str, str]]:
        return [{"format": format.name}]

    @app.get("/in-a-thread", formats=[JSON, CSV], suffixes=True)
    def in_a_thread(format: Format) -> list[dict[str, str]]:
        return [{"format": format.name}]

    with Client(app) as client:
        assert client.get("/on-the-loop").json() == [{"format": "json"}]
        assert client.get("/on-the-loop.csv").text == "format\r\ncsv\r\n"
        assert client.get("/on-the-loop", headers={"accept": "text/csv"}).text == "format\r\ncsv\r\n"
        assert '"format"' in client.get("/on-the-loop.jsonl").text
        assert client.get("/in-a-thread").json() == [{"format": "json"}]
        assert client.get("/in-a-thread.csv").text == "format\r\ncsv\r\n"


def test_where_none_is_chosen_the_app_says_so_when_it_starts() -> None:
    app = App()

    @app.get("/none")
    async def none(format: Format) -> list[str]:
        return [format.name]

    @app.get("/made", formats=[JSON, CSV])
    async def made(format: Format) -> Response:
        return Response(format.name.encode())

    with pytest.raises(FreezeError, match="format that the client chooses") as told:
        app.freeze()
    assert str(told.value).count("this route has none") == 2


def test_a_provider_cannot_ask_for_it() -> None:
    class Rows:
        pass

    app = App()

    @app.provide
    async def rows(format: Format) -> Rows:
        return Rows()

    @app.get("/", formats=[JSON, CSV])
    async def index(rows: Rows) -> list[Any]:
        return []

    with pytest.raises(FreezeError, match="told to handlers only"):
        app.freeze()

"""Related objects that are too many for a list: one looks for them by name, with scripts and without."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from browser import opened
from gridpages import link

from segue import App
from segue.db import Database, Field, Model, Ref, field
from segue.grid import Grid
from segue.security import MemorySessions, Security, Sessions
from segue.testing import Client, LiveServer

KEY = "the-key-of-the-tests-of-grids-0123456789-abcdefghijklmnop"
AXE = Path(__file__).resolve().parents[2] / ".cache" / "ui" / "axe" / "axe.min.js"


class Village(Model, table="lookup_village"):
    name: Field[str] = field(max_length=80)


class Walker(Model, table="lookup_walker"):
    name: Field[str] = field(max_length=80)
    home: Ref[Village | None] = field(default=None)


def app_with(url: str, villages: int, *plugins: Any) -> App:
    app = App(
        "walkers",
        plugins=[Database(url, models=[Village, Walker]), Sessions(MemorySessions(), key=KEY), *plugins],
    )
    app.include(Grid(Walker, columns=[Walker.name, Walker.home.name], can={"write": True}), at="/walkers")

    @app.lifespan
    async def filled(db: Database) -> AsyncIterator[None]:
        await db.create_all()
        names = [f"Village {number:04}" for number in range(villages - 2)] + ["Zell <am> See", "Zwiesel"]
        await Village.create_many([Village(name=name) for name in names])
        last = await Village.where(Village.name == "Zwiesel").one()
        await Walker.create(name="Anna", home=last)
        yield
        await db.drop_all()

    return app


def options(page: str) -> dict[str, str]:
    select = page.partition("<select")[2].partition("</select>")[0]
    return {
        html.unescape(label): value
        for value, label in re.findall(r'<option value="([^"]*)"[^>]*>(.*?)</option>', select)
    }


def hidden(page: str) -> dict[str, str]:
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', page)
    }


def test_a_few_are_a_list(sqlite: str) -> None:
    with Client(app_with(sqlite, 150)) as client:
        page = client.get(link(client.get("/walkers/").text, "edit")).text
        assert len(options(page)) == 151
        assert "_find" not in page


def test_many_are_looked_for_by_name(url: str) -> None:
    with Client(app_with(url, 1_300)) as client:
        edit = link(client.get("/walkers/").text, "edit")
        page = client.get(edit).text
        offered = options(page)
        assert 200 < len(offered) < 210
        assert "Zwiesel" in offered, "what is chosen is there"
        assert "Zell <am> See" not in offered
        sent = {**hidden(page), "name": "Berta", "home_id": offered["Zwiesel"]}

        found = client.post(edit, data={**sent, "_find.home_id": "zell", "_do": "find:home_id"})
        assert found.status == 200
        assert 'value="zell"' in found.text
        assert 'value="Berta"' in found.text, "what was written stays"
        assert set(options(found.text)) - {""} == {"Zell <am> See", "Zwiesel"}
        # Enter in the field: it is looked for, and nothing is saved.
        again = client.post(edit, data={**sent, "_find.home_id": "0777"})
        assert again.status == 200
        assert "Village 0777" in options(again.text)
        assert "Anna" in client.get("/walkers/").text

        chosen = {
            **hidden(again.text),
            "name": "Berta",
            "home_id": options(again.text)["Village 0777"],
            "_find.home_id": "0777",
        }
        assert client.post(edit, data=chosen).status == 303
        listed = client.get("/walkers/").text
        assert "Berta" in listed
        assert "Village 0777" in listed
        # One that is not among those that were offered last may be chosen all the same, and what is none may not.
        other = {**hidden(client.get(edit).text), "name": "Berta"}
        assert client.post(edit, data={**other, "home_id": offered["Zwiesel"]}).status == 303
        for bad in ("999999", "x", "-1", "1.5", "1' OR '1'='1"):
            other = {**hidden(client.get(edit).text), "name": "Berta"}
            assert client.post(edit, data={**other, "home_id": bad}).status == 422, bad
        assert client.post(edit, data={**other, "home_id": ""}).status == 303
        hostile = client.post(
            edit,
            data={
                **hidden(client.get(edit).text),
                "name": "x",
                "_find.home_id": '"><script>%_\\',
                "_do": "find:home_id",
            },
        )
        assert hostile.status == 200
        assert "<script>%" not in hostile.text


@pytest.mark.requires("chromium")
@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize("width", [390, 1280])
def test_people_look_for_one(sqlite: str, tmp_path: Path, scripts: bool, width: int) -> None:
    app = app_with(sqlite, 400, Security(https=False))
    with LiveServer(app) as server, opened("about:blank", tmp_path / "profile") as tab:
        tab.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        tab.command("Page.navigate", url=f"{server.url}/walkers/")
        tab.wait_for("document.querySelector('tbody a[href*=edit]') !== null")
        tab.value("document.querySelector('tbody a[href*=edit]').click()")
        tab.wait_for("document.querySelector('.lookup input') !== null && document.readyState === 'complete'")
        assert tab.value("document.documentElement.scrollWidth") <= width
        tab.value("window.stays = true; document.querySelector('.lookup input').value = 'zell'")
        tab.value("document.querySelector('.lookup button').click()")
        tab.wait_for(
            "document.querySelector('form select') && [...document.querySelectorAll('form select option')].length < 5"
        )
        assert (tab.value("window.stays === true")) is scripts
        tab.value(
            "document.querySelector('form select').value = [...document.querySelectorAll('form select option')].find(one => one.text.startsWith('Zell')).value"
        )
        tab.value("document.querySelector('.buttons button').click()")
        tab.wait_for("!location.pathname.includes('edit')")
        tab.command("Page.navigate", url=f"{server.url}/walkers/")
        tab.wait_for("document.querySelector('tbody tr') !== null")
        assert "Zell <am> See" in tab.value("document.querySelector('tbody').textContent")


@pytest.mark.requires("chromium", "axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_field_is_accessible(sqlite: str, tmp_path: Path, scheme: str) -> None:
    with LiveServer(app_with(sqlite, 400)) as server, opened("about:blank", tmp_path / "profile") as tab:
        tab.command(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        tab.command("Page.navigate", url=f"{server.url}/walkers/")
        tab.wait_for("document.querySelector('tbody a[href*=edit]') !== null")
        tab.value("document.querySelector('tbody a[href*=edit]').click()")
        tab.wait_for("document.querySelector('.lookup input') !== null")
        tab.value(AXE.read_text(encoding="utf-8") + ";0")
        found = tab.value(
            "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id))"
        )
        assert found == []

"""Two people in two browsers: they talk, see new reviews come, and no policy refuses anything; each page fits a phone."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import Tab, opened

sys.path.insert(0, str(Path(__file__).parents[1] / "server"))

from filmclub_rig import PASSWORD, Club, club
from PIL import Image

pytestmark = [pytest.mark.requires("chromium"), pytest.mark.timeout(400)]

REVIEW = """
import asyncio, sys
from filmclub import app
from filmclub.models import Film, Member, Review
from segue.auth import unrestricted
from segue.testing import AsyncClient

async def main():
    async with AsyncClient(app):
        with unrestricted():
            film, author = await Film.get(int(sys.argv[1])), await Member.get(name=sys.argv[2])
            await Review.create(film=film, author=author, stars=4, text=sys.argv[3], state="shown")

asyncio.run(main())
"""

#: A folder for pictures of the pages, to be looked at.
PICTURES = os.environ.get("SEGUE_PICTURES")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    members = ("ripley", "hicks", "vasquez:moderators")
    with club(tmp_path_factory.mktemp("club"), *members) as running:
        yield running


@contextmanager
def browser(served: Club, name: str, folder: Path) -> Iterator[Tab]:
    """The browser of a member, who signs in by the page for it."""
    with opened(f"{served.url}/login", folder / name) as tab:
        tab.wait_for("document.readyState == 'complete' && !!document.querySelector('[name=login]')")
        tab.value(f"document.querySelector('[name=login]').value = {json.dumps(name)}")
        tab.value(f"document.querySelector('[name=password]').value = {json.dumps(PASSWORD)}")
        tab.value("document.querySelector('[name=password]').form.requestSubmit()")
        tab.wait_for("!location.pathname.endsWith('/login') && document.readyState == 'complete'")
        yield tab
        assert not tab.complaints, tab.complaints


def go(tab: Tab, url: str, seen: str = "h1") -> None:
    tab.command("Page.navigate", url=url)
    tab.wait_for(
        f"location.pathname.endsWith({json.dumps(urlsplit(url).path)}) && document.readyState == 'complete' && !!document.querySelector({json.dumps(seen)})"
    )


def say(tab: Tab, text: str) -> None:
    tab.value(f"document.getElementById('text').value = {json.dumps(text)}")
    tab.value("document.getElementById('say').requestSubmit()")


def shows(text: str) -> str:
    return f"document.querySelector('main').innerText.includes({json.dumps(text)})"


def look(tab: Tab, name: str) -> None:
    """The page is no wider than the window, large and small, light and dark; pictures of it where they are wanted."""
    for width, height in ((1280, 900), (390, 844)):
        tab.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        for theme in ("light", "dark"):
            tab.command(
                "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}]
            )
            assert tab.value("document.documentElement.scrollWidth") <= width, (name, width)
            if PICTURES:
                data = tab.command("Page.captureScreenshot", format="png")["data"]
                Path(PICTURES, f"{name}-{width}-{theme}.png").write_bytes(base64.b64decode(data))


def test_two_people_talk(served: Club, tmp_path: Path) -> None:
    room = f"{served.url}/films/{served.film}/chat"
    with browser(served, "ripley", tmp_path) as ripley, browser(served, "hicks", tmp_path) as hicks:
        for tab in (ripley, hicks):
            go(tab, room, "#chat[data-state=connected]")
        ripley.wait_for("document.getElementById('people').innerText == 'Here: hicks, ripley'")
        say(ripley, "Nuke it from orbit. <img src=x onerror=alert(1)>")
        say(hicks, "It is the only way to be sure.")
        for tab in (ripley, hicks):
            tab.wait_for(shows("Nuke it from orbit. <img src=x onerror=alert(1)>"))
            tab.wait_for(shows("It is the only way to be sure."))
            assert tab.value("document.querySelectorAll('#messages img').length") == 0
        assert ripley.value("document.getElementById('text').value") == ""
        look(ripley, "chat")

        # The connection is lost, and comes back by itself with what was said meanwhile, once and in order.
        hicks.value("socket.close()")
        hicks.wait_for("chat.dataset.state == 'lost'")
        say(ripley, "Are you there?")
        hicks.wait_for("chat.dataset.state == 'connected'")
        hicks.wait_for(shows("Are you there?"))
        texts = "[...document.querySelectorAll('#messages p')].map(one => one.innerText)"
        assert hicks.value(texts) == ripley.value(texts)
        assert len(hicks.value(texts)) == 3

        # Whoever is too quick is told so, and keeps the words.
        for number in range(12):
            say(hicks, f"quick {number}")
        hicks.wait_for("!document.getElementById('refused').hidden")
        assert hicks.value("document.getElementById('text').value").startswith("quick")


def test_a_moderator_takes_a_message_away_under_the_eyes_of_its_author(served: Club, tmp_path: Path) -> None:
    room = f"{served.url}/films/{served.film + 1}/chat"
    with browser(served, "ripley", tmp_path) as author, browser(served, "vasquez", tmp_path) as moderator:
        for tab in (author, moderator):
            go(tab, room, "#chat[data-state=connected]")
        say(author, "Somewhat rude.")
        moderator.wait_for(shows("Somewhat rude."))
        assert author.value("document.querySelectorAll('#messages button').length") == 0
        action = moderator.value("document.querySelector('#messages form').getAttribute('action')")
        assert f"/films/{served.film + 1}/chat/" in action
        assert not action.endswith("/0/remove")
        moderator.value("document.querySelector('#messages button').click()")
        for tab in (author, moderator):
            tab.wait_for("document.querySelectorAll('#messages li').length == 0")
            tab.wait_for("!document.getElementById('silence').hidden")


def test_a_poster_a_list_and_the_ten_best(served: Club, tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.linear_gradient("L").resize((600, 900)).convert("RGB").save(picture, "JPEG")
    with closing(served.member("vasquez")) as sender:
        sent = sender.post(
            f"/films/{served.film}/poster",
            files={"file": ("alien.jpg", picture.getvalue(), "image/jpeg")},
            data={"credit": "Painted by vasquez"},
        )
        assert sent.status_code == 303, sent.text
    with browser(served, "hicks", tmp_path) as tab:
        go(tab, f"{served.url}/lists")
        tab.value("document.querySelector('[name=title]').value = 'To see again'")
        tab.value("document.querySelector('[name=title]').form.requestSubmit()")
        tab.wait_for("/\\/lists\\/\\d+$/.test(location.pathname) && document.readyState == 'complete'")
        made = tab.value("location.href")
        go(tab, f"{served.url}/films/{served.film}", "img.poster")
        tab.wait_for("document.querySelector('img.poster').naturalWidth > 0")
        assert tab.value("document.querySelector('img.poster').currentSrc.endsWith('.webp')")
        look(tab, "film")
        tab.value("document.querySelector('form.adding').requestSubmit()")
        tab.wait_for(
            f"document.readyState == 'complete' && {shows('To see again')} && !!document.querySelector('.message')"
        )
        go(tab, made, ".ranked li")
        look(tab, "list")
        go(tab, f"{served.url}/films/{served.film + 1}/poster", "input[type=file]")
        look(tab, "poster")
        go(tab, f"{served.url}/top-ten")
        assert tab.value("document.querySelectorAll('.topten li').length") == 10
        look(tab, "top-ten")
        go(tab, f"{served.url}/reviews/live")
        tab.wait_for("document.getElementById('state').innerText.includes('by themselves')")
        served.run(REVIEW, str(served.film), "ripley", "It <b>frightens</b>.")
        tab.wait_for(shows("It <b>frightens</b>."))
        assert tab.value("document.querySelector('#news .stars').innerText") == "★★★★☆"
        assert tab.value("document.querySelector('#news a').pathname").endswith(f"/films/{served.film}")
        look(tab, "live")

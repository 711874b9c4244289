"""Archives by year, month, week and day."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from picturehouse import CinemaFilm, CinemaNews, database, moment

from segue import App
from segue.html import Templates
from segue.site import Archive
from segue.testing import Client

HTML = {"accept": "text/html"}
TIMES = [
    "2024-02-29T12:00",
    "2024-12-30T12:00",
    "2024-12-31T23:30",
    "2025-06-01T08:00",
    "2025-06-02T08:00",
    "2025-06-30T08:00",
]
TEMPLATE = (
    "{{ period.text if period else 'all' }}|{% for one in items %}{{ one.title }} {% endfor %}|"
    "{% if earlier %}{{ earlier.address }}{% endif %}|{% if later %}{{ later.address }}{% endif %}|"
    "{% for part in parts %}{{ part.address }}={{ part.total }} {% endfor %}"
)


def app_of(url: str) -> App:
    app = App(
        "cinema",
        plugins=[database(url), Templates(None, texts={"t.html": TEMPLATE, "o.html": "{{ object.title }}"})],
    )
    plain = Archive(CinemaNews, CinemaNews.published, template="t.html", name="news")
    plain.declare(app, "/news")
    app.get("/news/{year:int}/{month:int}/{day:int}/{id:int}", name="one")(plain.detail("o.html"))
    Archive(
        CinemaNews.all(), CinemaNews.published, template="t.html", name="paris", zone="Europe/Paris"
    ).declare(app, "/paris")
    Archive(CinemaNews.all(), CinemaNews.day, template="t.html", name="days", future=True).declare(
        app, "/days"
    )
    Archive(CinemaNews, CinemaNews.published, name="built", size=2).declare(app, "/built")

    @app.lifespan
    async def filled() -> Any:
        for n, time in enumerate(TIMES):
            at = moment(time)
            await CinemaNews.create(title=f"N{n}", published=at, day=at.date())
        await CinemaNews.create(title="never")
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=400)
        await CinemaNews.create(title="later", published=later, day=later.date())
        yield

    return app


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with Client(app_of(url)) as made:
        yield made


@pytest.mark.row("DJ-18")
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/news", "all|N5 N4 N3 N2 N1 N0 |||/news/2024=3 /news/2025=3 "),
        ("/news/2024", "2024|N2 N1 N0 ||/news/2025|/news/2024/2=1 /news/2024/12=2 "),
        ("/news/2025/6", "2025-06|N5 N4 N3 |/news/2024/12||/news/2025/6/1=1 /news/2025/6/2=1 /news/2025/6/30=1 "),
        ("/news/2024/12", "2024-12|N2 N1 |/news/2024/2|/news/2025/6|/news/2024/12/30=1 /news/2024/12/31=1 "),
        # A week of ISO 8601: the 30th of December 2024 is in the first of 2025.
        ("/news/2025/week/1", "2025-W01|N2 N1 |/news/2024/week/9|/news/2025/week/22|/news/2024/12/30=1 /news/2024/12/31=1 "),
        ("/news/2025/6/2", "2025-06-02|N4 |/news/2025/6/1|/news/2025/6/30|"),
        ("/news/2024/2/29", "2024-02-29|N0 ||/news/2024/12/30|"),
        # Half past eleven in the evening is the next year in Paris.
        ("/paris/2025/1/1", "2025-01-01|N2 |/paris/2024/12/30|/paris/2025/6/1|"),
        ("/paris/2024/12", "2024-12|N1 |/paris/2024/2|/paris/2025/1|/paris/2024/12/30=1 "),
        ("/days/2025/6/30", None),
    ],
)  # fmt: skip
def test_what_was_in_a_period_beside_it_and_within_it(
    client: Client, path: str, expected: str | None
) -> None:
    answer = client.get(path)
    assert answer.status == 200
    if expected is not None:
        assert answer.text == expected
    else:  # of dates, and with what is still to come
        assert answer.text.startswith("2025-06-30|N5 |/days/2025/6/2|/days/")


@pytest.mark.parametrize(
    "path",
    ["/news/2023", "/news/2024/3", "/news/2024/2/30", "/news/2024/13", "/news/2024/week/60", "/news/2025/week/53", "/news/0/1/1",
     "/news/9999", "/news/99999", "/news/2024/0", "/news/2026/week/1", "/news/2024/2/29/5", "/news/2024/2/30/1", "/news/2024?page=2", "/news/9999/12/31"],
)  # fmt: skip
def test_a_time_without_anything_is_a_404(client: Client, path: str) -> None:
    assert client.get(path, headers=HTML).status == 404


@pytest.mark.row("DJ-18")
def test_one_object_of_a_day_and_what_is_to_come(client: Client) -> None:
    assert client.get("/news/2024/2/29/1").text == "N0"
    assert "later" not in client.get("/news").text
    assert "later" in client.get("/days").text
    assert "never" not in client.get("/days").text


def test_the_built_in_page_shows_all_of_it(client: Client) -> None:
    page = client.get("/built").text
    assert "<li>N5</li>" in page
    assert 'href="?page=2"' in page
    assert '<a href="/built/2025">2025</a> <small>3</small>' in page
    year = client.get("/built/2025").text
    assert '<a rel="prev" href="/built/2024">2024</a>' in year


def test_what_has_no_time_has_no_archive() -> None:
    with pytest.raises(TypeError, match="is no date and no time"):
        Archive(CinemaFilm, CinemaFilm.title)

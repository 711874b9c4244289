"""Dates, times, numbers and amounts, as each language has them and in the time zone of who reads."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from segue import App
from segue.html import Templates
from segue.i18n import (
    I18n,
    format_currency,
    format_date,
    format_datetime,
    format_duration,
    format_list,
    format_number,
    format_percent,
    format_time,
    friendly_number,
    in_language,
    relative_time,
)
from segue.testing import Client

WHEN = datetime.datetime(2026, 1, 31, 23, 15, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def app() -> App:
    return App(plugins=[I18n("en", "de", "fr", "es", "zh")])


def plain(text: str) -> str:
    """With the spaces of CLDR, which do not break, as spaces."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_numbers_and_amounts(app: App) -> None:
    def told(language: str) -> list[str]:
        with in_language(app, language):
            return [
                plain(one)
                for one in (
                    format_number(1234567.891),
                    format_number(Decimal("0.5"), "0.00"),
                    format_percent(0.256),
                    format_currency(Decimal("1234.5"), "EUR"),
                    format_list(["A", "B", "C"]),
                    format_list(["A", "B"], "or"),
                )
            ]

    assert told("en") == ["1,234,567.891", "0.50", "26%", "€1,234.50", "A, B, and C", "A or B"]
    assert told("de") == ["1.234.567,891", "0,50", "26 %", "1.234,50 €", "A, B und C", "A oder B"]
    assert told("fr")[0] == "1 234 567,891"


@pytest.mark.row("TO12")
def test_numbers_and_times_as_people_say_them(app: App) -> None:
    now = datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.UTC)

    def told(language: str) -> list[str]:
        spans = [
            datetime.timedelta(seconds=10),
            datetime.timedelta(minutes=5),
            datetime.timedelta(hours=-2),
            datetime.timedelta(days=1),
            datetime.timedelta(days=-1),
            datetime.timedelta(days=3),
            datetime.timedelta(days=60),
        ]
        with in_language(app, language):
            return [plain(relative_time(now - one, now)) for one in spans]

    assert told("en") == [
        "just now", "5 minutes ago", "in 2 hours", "yesterday at 12:00 PM", "tomorrow at 12:00 PM",
        "Wednesday at 12:00 PM", "Dec 2, 2025",
    ]  # fmt: skip
    assert told("de") == [
        "gerade eben", "vor 5 Minuten", "in 2 Stunden", "gestern um 12:00", "morgen um 12:00", "Mittwoch um 12:00",
        "02.12.2025",
    ]  # fmt: skip
    with in_language(app, "en"):
        assert [friendly_number(one) for one in (999, 1_200, 1_234_567, -5_000_000)] == [
            "999", "1.2 thousand", "1.2 million", "-5 million",
        ]  # fmt: skip
    with in_language(app, "de"):
        assert plain(friendly_number(1_234_567)) == "1,2 Millionen"


def test_times_are_shown_where_the_reader_is(app: App) -> None:
    with in_language(app, "de", "Asia/Tokyo"):
        assert format_date(WHEN) == "01.02.2026"
        assert format_time(WHEN) == "08:15"
        assert format_datetime(WHEN, "short") == "01.02.26, 08:15"
        assert format_datetime(WHEN.replace(tzinfo=None), "short") == "31.01.26, 23:15"
        assert format_time(datetime.time(20, 15)) == "20:15"
        assert format_date(datetime.date(2026, 1, 31), "full") == "Samstag, 31. Januar 2026"
        assert format_date(datetime.date(2026, 1, 31), "d. MMMM") == "31. Januar"
    with in_language(app, "en", "America/New_York"):
        assert plain(format_datetime(WHEN, "short")) == "1/31/26, 6:15 PM"
        # Around the change to daylight saving time.
        assert plain(format_time(datetime.datetime(2026, 3, 8, 7, 30, tzinfo=datetime.UTC))) == "3:30 AM"
        assert format_duration(datetime.timedelta(hours=3)) == "3 hours"
        assert format_duration(-90, ago=True) == "2 minutes ago"


def test_templates_have_them_as_filters_in_the_zone_of_each_request() -> None:
    text = "{{ when|format_datetime('short') }}|{{ 1.5|format_number }}|{{ format_currency(9.9, 'EUR') }}|{{ time_zone }}"
    app = App(plugins=[I18n("en", "de", zone="Europe/Berlin"), Templates(None, texts={"a.html": text})])
    app.get("/", template="a.html")(lambda: {"when": WHEN})
    with Client(app) as client:
        german = client.get("/", headers={"accept-language": "de"}).text
        assert plain(german) == "01.02.26, 00:15|1,5|9,90 €|Europe/Berlin"
        tokyo = client.get("/", headers={"cookie": "timezone=Asia/Tokyo"}).text
        assert plain(tokyo) == "2/1/26, 8:15 AM|1.5|€9.90|Asia/Tokyo"
        assert client.get("/", headers={"cookie": "timezone=Mars/Base"}).text.endswith("Europe/Berlin")


def test_forms_read_and_show_times_in_the_zone_of_who_writes() -> None:
    from typing import Annotated

    import msgspec

    from segue.html import Page
    from segue.html.forms import FormOf

    class Show(msgspec.Struct):
        begins: Annotated[datetime.datetime, msgspec.Meta(tz=True)]

    app = App(plugins=[I18n("en", "de"), Templates(None, texts={"a.html": "{{ form.begins.text }}"})])

    @app.route("/", methods=["GET", "POST"])
    async def edit(form: FormOf[Show]) -> Page | str:
        if form.valid:
            return form.value.begins.astimezone(datetime.UTC).isoformat()
        form.edit(Show(WHEN))
        return form.render("a.html")

    with Client(app, headers={"cookie": "timezone=Asia/Tokyo"}) as client:
        assert client.post("/", data={"begins": "2026-02-01T08:15"}).text == WHEN.isoformat()


def test_without_languages_they_are_english(tmp_path: Path) -> None:
    assert format_number(1234.5) == "1,234.5"
    assert format_date(datetime.date(2026, 1, 31)) == "Jan 31, 2026"


def test_a_hundred_languages_have_their_formats_their_plurals_and_their_names(tmp_path: Path) -> None:
    from babel.core import get_global
    from babel.localedata import locale_identifiers

    from segue.core.source import Source as Place
    from segue.core.texts.records import Translations
    from segue.i18n.extraction import Source
    from segue.i18n.upkeep import update_catalogues

    assert get_global("likely_subtags")
    tags = [one for one in locale_identifiers() if "_" not in one and one not in ("root", "en")]
    assert len(tags) >= 100
    app = App(plugins=[I18n("en", *tags[:120], folder=tmp_path / "none")])
    shown = set()
    for tag in tags[:120]:
        with in_language(app, tag):
            shown.add((format_date(WHEN, "full"), format_number(1234.5), relative_time(WHEN, WHEN)))
    assert len(shown) > 100
    (tmp_path / "a.py").write_text('ngettext("%(num)d film", "%(num)d films", n)')
    source = Source(
        Translations(tmp_path / "translations", "messages", Place("x", 0)), [tmp_path], [], [], []
    )
    files = dict(update_catalogues(source, ("ar", "ja", "ru", "pt-BR")))
    forms = {file.parts[-3]: file.read_text().count("msgstr[") for file in files}
    assert forms == {"ar": 6, "ja": 1, "ru": 3, "pt_BR": 2}


def test_amounts_may_be_whole(tmp_path: Path) -> None:
    app = App(plugins=[I18n("en", "de", folder=tmp_path)])
    told = []
    for language in ("en", "de"):
        with in_language(app, language):
            told.append(format_currency(33_139_618, "USD", digits=0))
            told.append(format_currency(Decimal("9.9"), "EUR"))
    assert [one.replace("\xa0", " ") for one in told] == ["$33,139,618", "€9.90", "33.139.618 $", "9,90 €"]

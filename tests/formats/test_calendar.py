"""iCalendar (RFC 5545)."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from segue import App
from segue.formats import Calendar, Event, ICalendar
from segue.testing import Client


def lines(*events: Event, title: str = "Concerts") -> list[str]:
    text = ICalendar().encode(Calendar(title=title, events=list(events))).decode()
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_an_event() -> None:
    cest = timezone(timedelta(hours=2))
    event = Event(
        title="Django; Stéphane, live",
        start=datetime(2020, 6, 1, 20, tzinfo=cest),
        end=datetime(2020, 6, 1, 22),  # noqa: DTZ001 -- a time without zone
        uid="1@example.com",
        description="a\r\nb\nc\\d",
        location="Paris",
        url="https://example.com/1",
        categories=["jazz", "a,b"],
        status="CONFIRMED",
        repeats="FREQ=WEEKLY;COUNT=5",
        updated=datetime(2020, 5, 1, tzinfo=UTC),
    )
    assert lines(event) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Segue//EN",
        "X-WR-CALNAME:Concerts",
        "BEGIN:VEVENT",
        "UID:1@example.com",
        "DTSTAMP:20200501T000000Z",
        "DTSTART:20200601T180000Z",
        "SUMMARY:Django\\; Stéphane\\, live",
        "DTEND:20200601T220000",
        "DESCRIPTION:a\\nb\\nc\\\\d",
        "LOCATION:Paris",
        "URL:https://example.com/1",
        "CATEGORIES:jazz,a\\,b",
        "STATUS:CONFIRMED",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_days_and_what_is_made_up_stays_the_same() -> None:
    event = Event(title="a", start=date(2020, 6, 1))
    assert "DTSTART;VALUE=DATE:20200601" in lines(event)
    assert "DTSTAMP:20200601T000000Z" in lines(event)
    assert lines(event) == lines(event)


@pytest.mark.parametrize("title", ["x" * 200, "ä" * 100, "\N{MUSICAL SCORE}" * 60, "a" * 67 + "ä"])
def test_lines_are_folded_between_characters(title: str) -> None:
    body = ICalendar().encode(Calendar(title="c", events=[Event(title=title, start=date(2020, 1, 1))]))
    for line in body.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert f"SUMMARY:{title}" in body.decode().replace("\r\n ", "")


@pytest.mark.parametrize(
    "more",
    [{"title": "\x00"}, {"repeats": "FREQ=DAILY\r\nX:1"}, {"url": "https://a\r\nX:1"}, {"location": "\x1b"}],
)
def test_nothing_can_begin_a_line_of_its_own(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"control|rule|URL"):
        lines(Event(**{"title": "a", "start": date(2020, 1, 1), **more}))


def test_it_is_served_as_a_calendar_and_a_dict_will_do() -> None:
    app = App()

    @app.get("/concerts", formats=[ICalendar], suffixes=True)
    async def concerts() -> Any:
        return {"title": "c", "events": [{"title": "a", "start": datetime(2020, 1, 1, 20)}]}  # noqa: DTZ001 -- a time without zone

    reply = Client(app).get("/concerts.ics")
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "DTSTART:20200101T200000\r\n" in reply.content.decode()

"""Calendars: events that a calendar program subscribes to (iCalendar, RFC 5545)."""

import datetime
import hashlib
import re
from typing import Any, Literal

from msgspec import Struct

from segue.formats.base import PlainFormat

__all__ = ["Calendar", "Event", "ICalendar"]

_rule = re.compile(r"[A-Z0-9=;,+-]{1,500}\Z").match
_control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]").search
_FOLDED_AT = 75  # octets


class Event(Struct, kw_only=True):
    """An event. ``start`` and ``end``: times, or dates for whole days; a time without zone is that of the reader.

    ``uid``: what never changes; by default made of title and start. ``repeats``: a rule like ``"FREQ=WEEKLY;COUNT=5"``.
    ``updated``: when it was last changed.
    """

    title: str
    start: datetime.date
    end: datetime.date | None = None
    uid: str = ""
    description: str = ""
    location: str = ""
    url: str = ""
    categories: list[str] = []
    status: Literal["", "TENTATIVE", "CONFIRMED", "CANCELLED"] = ""
    repeats: str = ""
    updated: datetime.datetime | None = None


class Calendar(Struct, kw_only=True):
    """What ICalendar makes a calendar of; a dict or model with these fields will do too.

    @app.get("/concerts", formats=[ICalendar], suffixes=True)
    async def concerts() -> Calendar:
        return Calendar(title="Concerts", events=[Event(title="Django", start=datetime(1934, 12, 2, 20))])
    """

    title: str
    events: list[Event] = []


class ICalendar(PlainFormat):
    """iCalendar (RFC 5545) of a Calendar. Raises ValueError for control characters and for rules that are none."""

    name = "icalendar"
    media_types = ("text/calendar",)
    suffixes = ("ics",)

    def encode(self, value: Any) -> bytes:
        calendar = self._calendar(value)
        lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Segue//EN",
            f"X-WR-CALNAME:{_text(calendar.title)}",
        ]
        for event in calendar.events:
            lines += _event(event)
        lines.append("END:VCALENDAR")
        return b"".join([_folded(line) for line in lines])

    def _calendar(self, value: Any) -> Calendar:
        if isinstance(value, Calendar):
            return value
        match self.plain(value):
            case {"title": str(title), "events": list(events)}:
                return Calendar(title=title, events=[_as_event(one) for one in events])
            case _:
                raise ValueError("it is no Calendar: it has no title and events")


def _as_event(plain: Any) -> Event:
    """The event of a dict. A time is a date too, which msgspec cannot tell apart in text."""
    match plain:
        case {"title": str(), "start": datetime.date()}:
            pass
        case _:
            raise ValueError("an event of a Calendar has a title and a start, which is a time or a date")
    return Event(**{name: plain[name] for name in Event.__struct_fields__ if plain.get(name) is not None})


def _event(event: Event) -> list[str]:
    if event.repeats and not _rule(event.repeats):
        raise ValueError(f"{event.repeats!r:.80} is no rule of repetition (RFC 5545, section 3.3.10)")
    uid = event.uid or hashlib.sha256(f"{event.title}\n{event.start.isoformat()}".encode()).hexdigest()[:32]
    stamp = event.updated or event.start
    if not isinstance(stamp, datetime.datetime):
        stamp = datetime.datetime(stamp.year, stamp.month, stamp.day)  # noqa: DTZ001 -- UTC below
    if stamp.tzinfo is None:
        stamp = stamp.replace(tzinfo=datetime.UTC)
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{_time(stamp)}",
        f"DTSTART{_when(event.start)}",
        f"SUMMARY:{_text(event.title)}",
    ]
    if event.end is not None:
        lines.append(f"DTEND{_when(event.end)}")
    texts = {"DESCRIPTION": event.description, "LOCATION": event.location}
    lines += [f"{name}:{_text(text)}" for name, text in texts.items() if text]
    if event.url:
        if _control(event.url) or "\n" in event.url or "\r" in event.url:
            raise ValueError(f"{event.url!r:.80} is no URL")
        lines.append(f"URL:{event.url}")
    if event.categories:
        lines.append("CATEGORIES:" + ",".join(map(_text, event.categories)))
    if event.status:
        lines.append(f"STATUS:{event.status}")
    if event.repeats:
        lines.append(f"RRULE:{event.repeats}")
    return [*lines, "END:VEVENT"]


def _when(value: datetime.date) -> str:
    return f":{_time(value)}" if isinstance(value, datetime.datetime) else f";VALUE=DATE:{value:%Y%m%d}"


def _time(value: datetime.datetime) -> str:
    return (
        f"{value:%Y%m%dT%H%M%S}"
        if value.tzinfo is None
        else f"{value.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"
    )


def _text(text: str) -> str:
    if _control(text):
        raise ValueError(f"a calendar cannot carry the control character in {text!r:.80}")
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return text.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _folded(line: str) -> bytes:
    """A line of at most 75 octets; what is longer goes on in the next, behind a blank. No character is cut."""
    pieces: list[bytes] = []
    rest = line.encode()
    room = _FOLDED_AT
    while len(rest) > room:
        cut = room
        while rest[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(rest[:cut])
        rest, room = rest[cut:], _FOLDED_AT - 1
    return b"\r\n ".join([*pieces, rest]) + b"\r\n"

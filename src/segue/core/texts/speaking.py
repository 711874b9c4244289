"""Which language is spoken here: what an app that speaks several has found for a request, or nothing."""

import contextlib
import datetime
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any

from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.handlers import Call
from segue.core.ports import Speaker, Speaks
from segue.core.records import Recorded
from segue.http.request import Request
from segue.http.response import Response

__all__ = [
    "SOURCE_LANGUAGE",
    "current_direction",
    "current_language",
    "current_speaker",
    "current_zone",
    "speaking",
    "speaking_problems",
    "spoken",
    "spoken_key",
]

#: The language that texts are written in.
SOURCE_LANGUAGE = "en"

_speaker: ContextVar[Speaker | None] = ContextVar("segue.speaker", default=None)

#: The speaker of here, or None: what each text asks.
current_speaker = _speaker.get


def current_language() -> str:
    """The tag of the language that is spoken here: ``de-CH``; ``en`` where an app speaks no others."""
    speaker = _speaker.get()
    return SOURCE_LANGUAGE if speaker is None else speaker.language


def current_direction() -> str:
    """The direction in which that language is written: ``ltr``, or ``rtl``."""
    speaker = _speaker.get()
    return "ltr" if speaker is None else speaker.direction


def current_zone(otherwise: datetime.tzinfo = datetime.UTC) -> datetime.tzinfo:
    """The time zone of who reads; ``otherwise`` where nothing is known of it."""
    speaker = _speaker.get()
    zone = None if speaker is None else speaker.zone
    return otherwise if zone is None else zone


def spoken_key() -> tuple[str, ...]:
    """What tells apart what two readers see, for caches; empty where an app speaks no languages."""
    speaker = _speaker.get()
    return () if speaker is None else (speaker.language, str(speaker.zone))


@contextlib.contextmanager
def speaking(speaker: Speaker | None) -> Generator[None, None, None]:
    """Lets ``speaker`` say all texts while the block runs; None says them as they are written."""
    token = _speaker.set(speaker)
    try:
        yield
    finally:
        _speaker.reset(token)


def spoken(root: Recorded, call: Call) -> Call:
    """``call`` in the language of each request; itself where the app speaks none."""
    declared = root.declared.texts.speaks
    return _in_language(declared[0][0], call) if declared else call


def speaking_problems(root: Recorded) -> list[str]:
    """What is wrong with what is said about the language of requests: that two say it."""
    places = [str(place) for _, place in root.declared.texts.speaks]
    if len(places) < 2:
        return []
    return [f"two plugins say in which language a request is answered: {' and '.join(places)}; take one away"]


def _in_language(speaks: Speaks, call: Call) -> Call:
    enter: Any = _speaker.set
    leave: Any = _speaker.reset

    async def answer(request: Request) -> Response:
        speaker = speaks(request)
        here = Carried(enter, leave, speaker)
        response = await stepwise(here, call(request))
        speaker.finish(response)
        return carried_on(here, response)

    return answer

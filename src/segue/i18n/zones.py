"""Time zones by their names, as they come from users and cookies."""

import datetime
import functools
import re
import zoneinfo

__all__ = ["UnknownZone", "zone_of"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z][A-Za-z0-9_+-]{0,31}){0,2}\Z")


class UnknownZone(ValueError):
    """A name of no time zone."""


def zone_of(name: str) -> datetime.tzinfo:
    """The zone of a name such as ``Europe/Paris``. Raises UnknownZone.

    What comes from outside never becomes a path: a name has letters and few slashes, and is one of those that are known.
    """
    if _NAME.match(name) is None or name not in _names():
        raise UnknownZone(f"{name!r:.80} is no time zone: write a name like 'Europe/Paris'")
    return datetime.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

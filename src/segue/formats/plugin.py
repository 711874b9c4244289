"""The plugin: routes may name the formats of Segue."""

from collections.abc import Iterable

from segue.core.plugins.setup import Setup
from segue.core.ports import Format

__all__ = ["Formats"]


class Formats:
    """Lets routes name formats, ``formats=["json", "csv"]``: those of Segue that need no more packages, and ``more``.

    app = App(plugins=[Formats(YAML, PDF("static"))])
    """

    name = "formats"

    def __init__(self, *more: Format | type[Format]) -> None:
        self._more = more

    def setup(self, to: Setup) -> None:
        for one in (*_own(), *self._more):
            to.format(one)


def _own() -> Iterable[type[Format]]:
    from segue.formats.calendar import ICalendar
    from segue.formats.csv import CSV
    from segue.formats.feeds import RSS, Atom
    from segue.formats.html import HTML
    from segue.formats.json import JSON, JSONLines
    from segue.formats.msgpack import MessagePack
    from segue.formats.text import Text
    from segue.formats.xml import XML

    return JSON, JSONLines, CSV, XML, MessagePack, HTML, Text, RSS, Atom, ICalendar

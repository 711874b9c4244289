"""Formats: what leaves and what comes in other than JSON (DESIGN.md, section 2, "Return data").

    from segue.formats import CSV, JSON, XML

    @app.get("/films", formats=[JSON, CSV, XML], suffixes=True)
    async def films() -> list[Film]: ...

- of any value: ``json`` (JSON, JSON Lines, JSONP), ``csv``, ``xml`` with its ``xml_reader``, ``msgpack``, ``yaml``,
  ``text``, ``html``, ``pdf``
- of values of their own: ``feeds`` (RSS and Atom of a Feed), ``calendar`` (iCalendar of a Calendar)
- ``schema``: JSON Schemas that are there already; ``pydantic``: models of that library
- ``plugin``: names for all of them; ``base``: what they share

A format of your own is any object with the names of ``segue.core.ports.Format``.
"""

from typing import TYPE_CHECKING

from segue.core.binding.bodies import HTMLForm
from segue.core.ports import Decodes, Format, Renders, Streams
from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.formats.base import PlainFormat
    from segue.formats.calendar import Calendar, Event, ICalendar
    from segue.formats.csv import CSV
    from segue.formats.feeds import RSS, Atom, Feed, Item
    from segue.formats.html import HTML
    from segue.formats.json import JSON, JSONP, JSONLines
    from segue.formats.msgpack import MessagePack
    from segue.formats.pdf import PDF
    from segue.formats.plugin import Formats
    from segue.formats.pydantic import PydanticJSON
    from segue.formats.schema import validated
    from segue.formats.text import Text
    from segue.formats.xml import XML
    from segue.formats.yaml import YAML

__all__ = [
    "CSV",
    "HTML",
    "JSON",
    "JSONP",
    "PDF",
    "RSS",
    "XML",
    "YAML",
    "Atom",
    "Calendar",
    "Decodes",
    "Event",
    "Feed",
    "Format",
    "Formats",
    "HTMLForm",
    "ICalendar",
    "Item",
    "JSONLines",
    "MessagePack",
    "PlainFormat",
    "PydanticJSON",
    "Renders",
    "Streams",
    "Text",
    "validated",
]

_IN_MODULE = {
    "CSV": "csv",
    "HTML": "html",
    "JSON": "json",
    "JSONP": "json",
    "PDF": "pdf",
    "RSS": "feeds",
    "XML": "xml",
    "YAML": "yaml",
    "Atom": "feeds",
    "Calendar": "calendar",
    "Event": "calendar",
    "Feed": "feeds",
    "Formats": "plugin",
    "ICalendar": "calendar",
    "Item": "feeds",
    "JSONLines": "json",
    "MessagePack": "msgpack",
    "PlainFormat": "base",
    "PydanticJSON": "pydantic",
    "Text": "text",
    "validated": "schema",
}


__getattr__ = opened_late(__name__, _IN_MODULE)

"""What an app has recorded about its languages."""

from pathlib import Path
from typing import NamedTuple

from segue.core.ports import Extracts, Speaks
from segue.core.source import Source

__all__ = ["TextRecords", "Translations"]


class Translations(NamedTuple):
    """A folder of catalogues: it has ``de/LC_MESSAGES/<domain>.po`` and its like."""

    folder: Path
    domain: str
    place: Source


class TextRecords:
    """All that one app has recorded about its texts."""

    __slots__ = ("extracts", "speaks", "translations")

    def __init__(self) -> None:
        self.translations: list[Translations] = []
        #: What says in which language a request is answered.
        self.speaks: list[tuple[Speaks, Source]] = []
        self.extracts: list[Extracts] = []

"""Catalogues for tests: written where a test says, in German and French; and the browser of the examples."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / "examples")]

HEAD = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plurals}\\n"

"""
PLURALS = {
    "de": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a catalogue: ``write("de", "msgid ...")``; gives the folder of translations."""

    def written(language: str, text: str, *, domain: str = "messages", folder: Path | None = None) -> Path:
        home = folder or tmp_path / "translations"
        file = home / language.replace("-", "_") / "LC_MESSAGES" / f"{domain}.po"
        file.parent.mkdir(parents=True, exist_ok=True)
        plurals = PLURALS.get(language.partition("-")[0], PLURALS["de"])
        file.write_text(HEAD.format(plurals=plurals) + text, encoding="utf-8")
        return home

    return written


@pytest.fixture
def folder(write: Write) -> Path:
    """A folder of translations with a few texts."""
    write(
        "de",
        'msgid "Good morning!"\nmsgstr "Guten Morgen!"\n\n'
        'msgid "%(num)d film"\nmsgid_plural "%(num)d films"\nmsgstr[0] "%(num)d Film"\nmsgstr[1] "%(num)d Filme"\n\n'
        'msgctxt "month"\nmsgid "May"\nmsgstr "Mai"\n',
    )
    return write(
        "fr",
        'msgid "Good morning!"\nmsgstr "Bonjour !"\n\n'
        'msgid "%(num)d film"\nmsgid_plural "%(num)d films"\nmsgstr[0] "%(num)d film (fr)"\nmsgstr[1] "%(num)d films (fr)"\n',
    )

"""Catalogues of translations: files of gettext and CSV files, read as one table for each language."""

import csv
import functools
import gettext
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from segue.core.texts.records import Translations

__all__ = ["Catalogue", "Catalogues", "catalogue_files", "folder_names", "read_catalogue"]

logger = logging.getLogger("segue.i18n")

Key = tuple[str | None, str]


class Plural(NamedTuple):
    """The forms of a text for numbers, and the rule that says which: as a function, and as the catalogue has it."""

    rule: Callable[[int], int]
    forms: Sequence[str]
    expression: str


class Catalogue(NamedTuple):
    """Texts of one language by context and text. ``plurals``: the rule of the language and the forms; ``forms``: those of
    CSV files, which name each form by the text that it stands for.
    """

    texts: dict[Key, str]
    plurals: dict[Key, Plural]
    forms: dict[tuple[bool, str], str]

    def text(self, context: str | None, text: str) -> str | None:
        """The translation of a text; None where there is none."""
        return self.texts.get((context, text))

    def plural(self, context: str | None, one: str, many: str, count: float) -> str | None:
        """The form that goes with a number; None where there is none."""
        found = self.plurals.get((context, one))
        if found is not None:
            number = found.rule(_whole(count))
            return (found.forms[number] or None) if number < len(found.forms) else None
        if self.forms and context is None:
            return self.forms.get((count != 1, one if count == 1 else many))
        return None

    def add(self, other: "Catalogue") -> None:
        """Takes in what another one has and this one has not."""
        self.texts.update({key: value for key, value in other.texts.items() if key not in self.texts})
        self.plurals.update({key: value for key, value in other.plurals.items() if key not in self.plurals})
        self.forms.update({key: value for key, value in other.forms.items() if key not in self.forms})


def _whole(count: float) -> int:
    """The whole number whose form goes with ``count``: of what is between two, that of several."""
    number = abs(count)
    return int(number) if number == number // 1 and number < 1e15 else 2


class Catalogues:
    """The translations of an app: those of the outermost app first. ``reload``: files are looked at again for each request."""

    def __init__(self, translations: Callable[[], Sequence[Translations]], *, reload: bool) -> None:
        self._find = translations
        self._reload = reload
        self._read: dict[tuple[str, str], tuple[Catalogue, Mapping[Path, float]]] = {}
        #: Those whose files were looked at for this request.
        self._fresh: set[tuple[str, str]] = set()

    @functools.cached_property
    def _translations(self) -> Sequence[Translations]:
        # Asked when the first text is: all apps have said then where theirs are.
        return self._find()

    @property
    def domains(self) -> Sequence[str]:
        """Those that have folders."""
        return list(dict.fromkeys([one.domain for one in self._translations]))

    def languages(self) -> list[str]:
        """The tags of the languages that there is anything in, in the folders of the app itself."""
        found: dict[str, None] = {}
        for one in self._translations[:1]:
            if one.folder.is_dir():
                for entry in sorted(one.folder.iterdir()):
                    is_language = entry.is_dir() and any(catalogue_files(one, entry.name, one.domain))
                    if is_language or (entry.suffix == ".csv" and entry.is_file()):
                        found[entry.stem.replace("_", "-")] = None
        return list(found)

    def text(self, language: str, domains: Sequence[str], context: str | None, text: str) -> str | None:
        """A text, by the first domain that has it."""
        for domain in domains:
            found = self.of(language, domain).text(context, text)
            if found is not None:
                return found
        return None

    def plural(
        self, language: str, domains: Sequence[str], context: str | None, forms: tuple[str, str], count: float
    ) -> str | None:
        """The form of a text that goes with a number, by the first domain that has it."""
        for domain in domains:
            found = self.of(language, domain).plural(context, *forms, count)
            if found is not None:
                return found
        return None

    def of(self, language: str, domain: str) -> Catalogue:
        """What a language has of a domain."""
        key = (language, domain)
        known = self._read.get(key)
        if known is not None and (not self._reload or key in self._fresh):
            return known[0]
        self._fresh.add(key)
        files = self._files(language, domain)
        if known is not None and known[1] == files:
            return known[0]
        whole = Catalogue({}, {}, {})
        for file in files:
            try:
                whole.add(read_catalogue(file))
            except (OSError, ValueError) as error:
                logger.error("the catalogue %s cannot be read, its texts are missing: %s", file, error)
        self._read[key] = (whole, files)
        return whole

    def look_again(self) -> None:
        """Lets files be looked at when they are needed next, where they are read again: for a new request."""
        if self._reload:
            self._fresh.clear()

    def _files(self, language: str, domain: str) -> Mapping[Path, float]:
        """The files that are read, the first first, and when they were changed."""
        found: dict[Path, float] = {}
        for name in folder_names(language):
            for one in self._translations:
                # An app may have another translation for what it includes: blog.po, in its own folder.
                found.update(catalogue_files(one, name, domain))
        return found


def folder_names(language: str) -> list[str]:
    """The folders of a language, the nearest first: ``de_CH``, ``de-CH``, ``de``."""
    found: list[str] = []
    parts = language.split("-")
    while parts:
        found += dict.fromkeys(["_".join(parts), "-".join(parts)])
        parts.pop()
    return found


def catalogue_files(translations: Translations, name: str, domain: str) -> Iterator[tuple[Path, float]]:
    """The files for a language and a domain in a folder, and when they were changed.

    ``.mo`` is what was compiled of ``.po``; the newer one of both is read, so that nobody has to compile while writing.
    """
    folder = translations.folder
    newest: tuple[Path, float] | None = None
    for suffix in (".mo", ".po"):
        file = folder / name / "LC_MESSAGES" / f"{domain}{suffix}"
        try:
            changed = file.stat().st_mtime
        except OSError:
            continue
        if newest is None or changed > newest[1]:
            newest = (file, changed)
    if newest is not None:
        yield newest
    if domain != translations.domain:
        return
    file = folder / f"{name}.csv"
    try:
        yield file, file.stat().st_mtime
    except OSError:
        return


def read_catalogue(file: Path) -> Catalogue:
    """A catalogue. Raises OSError, and ValueError for what is none."""
    if file.suffix == ".csv":
        return _read_csv(file)
    from babel.messages.mofile import read_mo
    from babel.messages.pofile import PoFileError, read_po

    with file.open("rb") as opened:
        try:
            messages = read_mo(opened) if file.suffix == ".mo" else read_po(opened, abort_invalid=True)
        except PoFileError as error:
            raise ValueError(str(error)) from error
    rule = gettext.c2py(messages.plural_expr)
    found = Catalogue({}, {}, {})
    for message in messages:
        if not message.id or message.fuzzy:
            continue
        if isinstance(message.id, str):
            if message.string:
                found.texts[message.context, message.id] = str(message.string)
        else:
            forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
            if any(forms):
                found.plurals[message.context, message.id[0]] = Plural(rule, forms, messages.plural_expr)
    return found


def _read_csv(file: Path) -> Catalogue:
    """Rows of a text and its translation; a third column says ``singular`` or ``plural`` of texts with a number."""
    found = Catalogue({}, {}, {})
    with file.open(encoding="utf-8-sig", newline="") as opened:
        for number, row in enumerate(csv.reader(opened), 1):
            if len(row) < 2 or not row[0] or row[0].startswith("#"):
                continue
            text, translation, kind = row[0], row[1].strip(), (row[2].strip() if len(row) > 2 else "")
            if kind not in ("", "unknown", "singular", "plural"):
                raise ValueError(
                    f"line {number}: the third column is singular, plural or empty, not {kind!r:.40}"
                )
            if kind in ("singular", "plural"):
                found.forms[kind == "plural", text] = translation
            elif translation:
                found.texts[None, text] = translation
    return found

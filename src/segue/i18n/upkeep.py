"""Keeps catalogues up to date with the texts of an app: templates, languages, compiled files, what is wrong."""

import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from segue.core.texts.records import Translations
from segue.i18n.extraction import Source, extracted
from segue.i18n.missing import MissingText

__all__ = [
    "add_message",
    "compile_catalogues",
    "extract_texts",
    "faults",
    "languages_of",
    "update_catalogues",
]

_NAMES = re.compile(r"%\((\w+)\)|\{(\w+)\}")
_DATE = re.compile(rb'^"(?:POT-Creation|PO-Revision)-Date:.*\n', re.MULTILINE)


def extract_texts(source: Source) -> Iterator[tuple[Path, int]]:
    """Writes the template of each domain, ``messages.pot``: the file, and how many texts it has."""
    for domain, catalogue in extracted(source).items():
        file = source.translations.folder / f"{domain}.pot"
        write(file, catalogue)
        yield file, len(catalogue)


def languages_of(translations: Translations) -> list[str]:
    """The folders of languages that there are: ``de``, ``pt_BR``."""
    folder = translations.folder
    if not folder.is_dir():
        return []
    return sorted(one.name for one in folder.iterdir() if (one / "LC_MESSAGES").is_dir())


def update_catalogues(
    source: Source, more: tuple[str, ...] = (), *, places: bool = True
) -> Iterator[tuple[Path, int]]:
    """Brings the catalogues of all languages, and of those in ``more``, up to the texts: each file, and how many it lacks.

    What is there no more is kept at the end; a text that has changed a little keeps its translation as *fuzzy*, which is
    not shown until somebody has looked at it.
    """
    templates = extracted(source)
    folders = dict.fromkeys([*languages_of(source.translations), *[one.replace("-", "_") for one in more]])
    for name in folders:
        for domain, template in templates.items():
            file = _file(source.translations, name, domain)
            catalogue = read(file, name) if file.is_file() else _new(name, domain)
            catalogue.update(template, update_creation_date=False)
            write(file, catalogue, places=places)
            yield file, sum(not _is_whole(one) for one in catalogue if one.id)


def compile_catalogues(source: Source) -> Iterator[tuple[Path, int]]:
    """Writes ``.mo`` for each ``.po``: each file, and how many texts it has."""
    for name in languages_of(source.translations):
        for file in sorted((source.translations.folder / name / "LC_MESSAGES").glob("*.po")):
            catalogue = read(file, name)
            buffer = io.BytesIO()
            write_mo(buffer, catalogue)
            _replace(file.with_suffix(".mo"), buffer.getvalue())
            yield (
                file.with_suffix(".mo"),
                sum(_is_whole(one) and not one.fuzzy for one in catalogue if one.id),
            )


def faults(source: Source) -> Iterator[str]:
    """What is wrong with the catalogues: texts that they lack, values that a translation has not, files that cannot be read."""
    templates = extracted(source)
    for name in languages_of(source.translations):
        for domain, template in templates.items():
            file = _file(source.translations, name, domain)
            if not file.is_file():
                yield f"{file} is not there: segue i18n update"
                continue
            try:
                catalogue = read(file, name)
            except ValueError as error:
                yield f"{file}: {error}"
                continue
            for message in template:
                if message.id:
                    there = catalogue.get(message.id, message.context)
                    wrong = "is missing" if there is None else _wrong(there, catalogue)
                    if wrong:
                        yield f"{file}: {_first(message)!r:.100} {wrong}"


def add_message(translations: Translations, text: MissingText) -> None:
    """Writes a text that was missing into the catalogue of its language."""
    name = text.language.replace("-", "_")
    file = _file(translations, name, text.domain)
    catalogue = read(file, name) if file.is_file() else _new(name, text.domain)
    one, many = text.forms
    catalogue.add(one if many is None else (one, many), context=text.context)
    write(file, catalogue)


def read(file: Path, name: str) -> Catalog:
    """A catalogue to be changed. Raises ValueError for a file that is none."""
    with file.open("rb") as opened:
        try:
            return read_po(opened, locale=name, abort_invalid=True)
        except (PoFileError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} is no catalogue: {error}") from error


def write(file: Path, catalogue: Catalog, *, places: bool = True) -> None:
    """Writes a catalogue, if anything but its dates has changed."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, sort_by_file=True, no_location=not places)
    content = buffer.getvalue()
    if not file.is_file() or _DATE.sub(b"", file.read_bytes()) != _DATE.sub(b"", content):
        _replace(file, content)


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)  # who reads it meanwhile has the old one whole


def _file(translations: Translations, name: str, domain: str) -> Path:
    return translations.folder / name / "LC_MESSAGES" / f"{domain}.po"


def _new(name: str, domain: str) -> Catalog:
    return Catalog(
        name, project=domain, version="1", charset="utf-8", fuzzy=False, header_comment=f"# {domain}."
    )


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _is_whole(message: Message) -> bool:
    forms = _forms(message)
    return bool(forms) and all(forms)


def _wrong(message: Message, catalogue: Catalog) -> str:
    """What is wrong with a translation; empty for nothing."""
    if not _is_whole(message):
        return "has no translation"
    if message.fuzzy:
        return "is fuzzy: look at it, and take the mark away"
    forms = _forms(message)
    if not isinstance(message.id, str) and len(forms) != catalogue.num_plurals:
        return f"has {len(forms)} forms, and the language {catalogue.num_plurals}"
    known = _names(message.id if isinstance(message.id, str) else " ".join(message.id))
    for form in forms:
        if _names(form) - known:
            return f"has no value {', '.join(sorted(_names(form) - known))}, which its translation shows"
        if isinstance(message.id, str) and known - _names(form):
            return f"does not show {', '.join(sorted(known - _names(form)))} in its translation"
    return ""


def _names(text: str) -> set[str]:
    return {found[1] or found[2] for found in _NAMES.finditer(text)}

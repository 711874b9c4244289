"""Finds the texts of an app that are to be translated: in Python, in templates, in scripts."""

import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract

from segue.core.app import App
from segue.core.inspection.checks.subjects import apps_of
from segue.core.ports import Extracts
from segue.core.texts.records import Translations

__all__ = ["KEYWORDS", "SCRIPTS", "Source", "extracted", "sources_of"]

#: The functions whose arguments are texts, and which arguments: as Babel has it.
KEYWORDS: Mapping[str, Any] = {
    **dict.fromkeys(("_", "_l", "gettext", "lazy_gettext")),
    **dict.fromkeys(("_n", "ngettext", "lazy_ngettext"), (1, 2)),
    **dict.fromkeys(("_p", "pgettext", "lazy_pgettext"), ((1, "c"), 2)),
    "npgettext": ((1, "c"), 2, 3),
}
#: The domain of what is said in the browser.
SCRIPTS = "javascript"
_COMMENTS = ("Translators:", "Translator:", "NOTE:")
_SEGUE = Path(__file__).resolve().parents[1]
_PASSED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})


class Source(NamedTuple):
    """What one folder of translations is for: the folders that texts come from, and those who know files there."""

    translations: Translations
    roots: Sequence[Path]
    #: Folders of templates: a text elsewhere that looks like one is none.
    templates: Sequence[Path]
    extracts: Sequence[Extracts]
    #: Folders below that have translations of their own.
    others: Sequence[Path]


def sources_of(app: App) -> list[Source]:
    """Those of an app and of the apps that it includes, as far as they are no installed packages."""
    declared = [(one, told) for one in apps_of(app) for told in one.declared.texts.translations]
    homes = [told.folder.parent for _, told in declared]
    extracts = list(
        {id(one): one for inner in apps_of(app) for one in inner.declared.texts.extracts}.values()
    )
    found: list[Source] = []
    for one, told in declared:
        home = told.folder.parent
        if not _is_own(home):
            continue
        # Those of plugins have translations of their own.
        templates = [folder for folder, _ in one.declared.templates if _is_own(folder)]
        roots = [home, *[folder for folder in templates if not folder.is_relative_to(home)]]
        others = [other for other in homes if other != home and other.is_relative_to(home)]
        found.append(Source(told, roots, templates, extracts, others))
    return found


def _is_own(folder: Path) -> bool:
    """Whether it is neither an installed package nor Segue."""
    return "site-packages" not in folder.parts and not folder.is_relative_to(_SEGUE)


def extracted(source: Source) -> dict[str, Catalog]:
    """The texts of a source by their domain. Raises ValueError, or what an extractor raises, for a file that cannot be read."""
    own = source.translations.domain
    found: dict[str, Catalog] = {}
    by_suffix = {f".{suffix}": one for one in source.extracts for suffix in one.suffixes}
    for root in source.roots:
        for file in files(root, source.others):
            domain = own
            if file.suffix in (".js", ".mjs") and not file.name.endswith(".min.js"):
                domain, messages = SCRIPTS, _by_babel("javascript", file)
            elif file.suffix == ".py":
                messages = _by_babel("python", file)
            elif file.suffix in by_suffix and any(file.is_relative_to(one) for one in source.templates):
                messages = _by_port(by_suffix[file.suffix], file)
            else:
                continue
            for line, texts, comments, context in messages:
                catalogue = found.setdefault(domain, _template(domain))
                place = (
                    file.relative_to(root)
                    if root == source.roots[0]
                    else Path(root.name) / file.relative_to(root)
                )
                catalogue.add(
                    texts, None, [(place.as_posix(), line)], auto_comments=comments, context=context
                )
    return found


def files(root: Path, others: Iterable[Path] = ()) -> Iterator[Path]:
    """The files below a folder, in their order: none that is hidden, installed, or of another one with translations."""
    passed = {str(one) for one in others}
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            one
            for one in folders
            if not one.startswith(".")
            and one not in _PASSED
            and str(Path(folder) / one) not in passed
            and not (Path(folder) / one / "pyvenv.cfg").is_file()
        )
        for name in sorted(names):
            yield Path(folder) / name


Message = tuple[int, Any, list[str], str | None]


def _by_babel(method: str, file: Path) -> Iterable[Message]:
    with file.open("rb") as opened:
        yield from extract(method, opened, KEYWORDS, _COMMENTS, {}, strip_comment_tags=True)


def _by_port(extracts: Extracts, file: Path) -> Iterable[Message]:
    source = file.read_text(encoding="utf-8")

    # Any: the annotation of Babel has what extract() gives in place of what it asks for.
    def method(*_: object, **__: object) -> Iterator[tuple[int, str, Any, list[str]]]:
        for line, function, texts, comments in extracts.texts(file, source, KEYWORDS):
            arguments = list(texts)
            yield line, function, arguments[0] if len(arguments) == 1 else tuple(arguments), list(comments)

    by_port: Any = method
    yield from extract(by_port, io.BytesIO(), KEYWORDS, _COMMENTS, {}, strip_comment_tags=True)


def _template(domain: str) -> Catalog:
    return Catalog(
        project=domain, version="1", charset="utf-8", fuzzy=False, header_comment=f"# Texts of {domain}."
    )

"""Keeps the translations of Segue's own texts: `python tools/translations.py` brings them up to date, `--check` looks at them.

Each package of `src/segue` has its catalogues, `translations/de/LC_MESSAGES/segue.po`; the texts are those that go through
`segue.core.texts.texts.framework`, and those of its templates. A package gets them as soon as it has such texts.
"""

import argparse
import sys
from pathlib import Path

from segue import App
from segue.core.source import Source as Place
from segue.core.texts.records import Translations
from segue.core.texts.texts import framework
from segue.html import Templates
from segue.i18n.extraction import Source, extracted
from segue.i18n.upkeep import faults, update_catalogues

LANGUAGES = ("de", "es", "fr", "zh")
HOME = Path(__file__).resolve().parents[1] / "src" / "segue"


def sources() -> list[Source]:
    """The packages that have texts."""
    app = App(plugins=[Templates(None)])
    app.freeze()
    (domain,) = framework.domains
    found: list[Source] = []
    for package in sorted(one for one in HOME.iterdir() if (one / "__init__.py").is_file()):
        told = Translations(package / "translations", domain, Place(str(package), 0))
        source = Source(told, [package], [package], app.declared.texts.extracts, [])
        if domain in extracted(source):
            found.append(source)
    return found


def main() -> int:
    """Updates, or checks; how many texts have to be translated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    only_check = parser.parse_args().check
    problems: list[str] = []
    for source in sources():
        if not only_check:
            for _ in update_catalogues(source, LANGUAGES, places=False):
                pass
        missing = [one for one in LANGUAGES if not (source.translations.folder / one).is_dir()]
        problems += [f"{source.translations.folder} has no {one}" for one in missing]
        problems += faults(source)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

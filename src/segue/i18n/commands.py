"""``segue i18n``: finds the texts of an app, keeps its catalogues, and says what is missing in them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segue.core.app import App

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup
    from segue.i18n.extraction import Source

__all__ = ["add_commands"]


def add_commands(to: "Setup") -> None:
    """Adds ``segue i18n`` to an app."""
    app = to.app
    group = click.Group("i18n", help=_HELP)

    def command(function: Callable[..., None], *options: click.Parameter) -> None:
        def run(**given: object) -> None:
            try:
                function(app, **given)
            except (ValueError, SyntaxError, OSError) as error:
                raise click.ClickException(str(error)) from error

        name = function.__name__.strip("_")
        group.add_command(click.Command(name, params=list(options), callback=run, help=function.__doc__))

    language = click.Option(
        ["--language", "-l", "languages"],
        multiple=True,
        metavar="TAG",
        help="A language to begin with: de, pt-BR. May be repeated.",
    )
    command(_extract)
    command(_update, language)
    command(_compile)
    command(_check)
    to.command(group, name="i18n", lifespan=False)


_HELP = """Translations: the texts of the app, its catalogues, what they lack.

\b
segue i18n update --language de
segue i18n check
segue i18n compile
"""


def _extract(app: App) -> None:
    """Writes the texts of the app into templates of catalogues: translations/messages.pot."""
    from segue.i18n.upkeep import extract_texts

    _tell(app, extract_texts, "texts")


def _update(app: App, languages: tuple[str, ...]) -> None:
    """Brings the catalogues of all languages up to the texts of the app.

    What is gone stays at the end of a file. A text that has changed a little keeps its translation, marked as fuzzy.
    """
    from segue.i18n.languages import Language
    from segue.i18n.upkeep import update_catalogues

    for one in languages:
        Language.of(one)
    _tell(app, lambda source: update_catalogues(source, languages), "to translate")


def _compile(app: App) -> None:
    """Compiles the catalogues. An app starts without that too: this one is quicker to read."""
    from segue.i18n.upkeep import compile_catalogues

    _tell(app, compile_catalogues, "translated")


def _check(app: App) -> None:
    """Says what the catalogues lack, and which translations do not fit their texts. Exits with 1 if there is anything."""
    from segue.i18n.extraction import sources_of
    from segue.i18n.upkeep import faults

    found = [fault for source in sources_of(app) for fault in faults(source)]
    for fault in found:
        click.echo(fault)
    if found:
        raise click.exceptions.Exit(1)
    click.echo("All texts are translated.")


def _tell(app: App, work: "Callable[[Source], Iterable[tuple[Path, int]]]", what: str) -> None:
    from segue.i18n.extraction import sources_of

    sources = sources_of(app)
    if not sources:
        raise click.ClickException("the app has no folder of translations of its own")
    for source in sources:
        for file, count in work(source):
            click.echo(f"{file}: {count} {what}")

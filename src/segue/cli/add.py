"""``segue add``: something more for a project, by lines that are added."""

import click

from segue.cli.adding.application import add_import, add_plugin
from segue.cli.adding.capabilities import CAPABILITIES
from segue.cli.adding.configuration import (
    add_dependency,
    add_secret_key,
    add_setting,
    add_test_environment,
)
from segue.cli.adding.deployment import FILES, add_files, has_files
from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project, project_of
from segue.cli.adding.scaffolds import add_model, add_resource, add_template
from segue.cli.adding.trying import tried
from segue.cli.growing.target import file_of
from segue.cli.growing.trying import Trial
from segue.cli.options import named_app
from segue.cli.table import columns

__all__ = ["add"]

_SCAFFOLDS = {
    "model": "a model: segue add model Film title:str year:int? director:Person",
    "resource": "routes for the rows of a model: segue add resource films",
    "template": "a page: segue add template films/list",
}


@click.command()
@click.argument("what", required=False)
@click.argument("words", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show the diff, and write nothing.")
@click.pass_context
def add(context: click.Context, what: str | None, words: tuple[str, ...], dry_run: bool) -> None:
    """Add WHAT to the app of this folder: a capability, a model, routes, a page, files for production.

    \b
    segue add                     what there is, and what the app has
    segue add auth
    segue add model Film title:str year:int?
    segue add resource films

    Lines are added, and none is changed: to the file that makes the app, segue.toml, .env, requirements.txt or pyproject.toml, and the tests. Where there
    are revisions and tables are new, a revision is written. What the app is then is tried in another folder first.
    """
    known = {
        **{word: one.about for word, one in CAPABILITIES.items()},
        **{word: about for word, (about, _) in FILES.items()},
    }
    if what is not None and what not in known and what not in _SCAFFOLDS:
        raise click.UsageError(
            f"There is no {what!r} to add. There is {', '.join([*known, *_SCAFFOLDS])}.", context
        )
    path, attribute = file_of(named_app(context, None))
    with Trial.of(path, attribute, factory=False) as trial:
        trial.has_own_database = True
        project = project_of(path.resolve().parent, trial.portrait(), f"{path.stem}:{attribute or 'app'}")
        if what is None:
            _list(project, known)
            return
        additions = Additions(project.folder)
        notes = _add(additions, project, what, words)
        if not additions:
            click.echo(f"{project.portrait.name} has {what} already.")
            return
        notes += tried(trial, additions, project, " ".join([what, *words[:1]]))
    for line in additions.diff():
        click.echo("+SECURITY_KEY=..." if line.startswith("+SECURITY_KEY=") else line)
    for note in notes:
        click.echo(note, err=True)
    if dry_run:
        click.echo("Nothing was written: --dry-run.", err=True)
        return
    for name, text in additions.files().items():
        file = project.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if name == ".env":
            file.touch(0o600)
        file.write_text(text, encoding="utf-8", newline=additions.newline(name))


def _add(additions: Additions, project: Project, what: str, words: tuple[str, ...]) -> list[str]:
    """Adds it to the texts. Returns what has to be done by hand."""
    if what in FILES:
        if not has_files(project, what):
            add_files(additions, project, what)
        return []
    if what in _SCAFFOLDS:
        if not words:
            raise click.UsageError(f"Which {what}? {_SCAFFOLDS[what].partition(': ')[2]}")
        notes: list[str] = []
        if what == "model":
            if "database" not in project.portrait.plugins:
                notes += _add_capability(additions, project, "db")
            add_model(additions, project, words[0], words[1:])
        elif what == "resource":
            add_resource(additions, project, words[0])
        else:
            if "templates" not in project.portrait.plugins:
                notes += _add_capability(additions, project, "pages")
            add_template(additions, project, words[0])
        return notes
    return _add_capability(additions, project, what)


def _add_capability(additions: Additions, project: Project, word: str) -> list[str]:
    """A plugin and those that it needs. Returns what has to be done by hand."""
    wanted = [CAPABILITIES[each] for each in (*CAPABILITIES[word].needs, word)]
    wanted = [one for one in wanted if one.name not in project.portrait.plugins]
    tests: dict[str, str] = {}
    for one in wanted:
        add_plugin(additions, project, one.plugin)
        add_import(additions, project.site.file, one.module, one.imported)
        for (table, key), value in one.settings.items():
            add_setting(additions, table, key, project.filled(value))
        if one.signs:
            add_secret_key(additions)
        tests |= one.tests
    if tests:
        add_test_environment(additions, project, tests)
    if wanted and word == "pages":
        add_template(additions, project, "page")
    # The extra of what is asked for brings those of what it needs.
    extra = CAPABILITIES[word].extra
    note = add_dependency(additions, extra) if wanted and extra else None
    return [] if note is None else [note]


def _list(project: Project, known: dict[str, str]) -> None:
    for line in columns(
        [
            ("has" if _is_there(project, word) else "", word, about)
            for word, about in [*known.items(), *_SCAFFOLDS.items()]
        ]
    ):
        click.echo(line)


def _is_there(project: Project, word: str) -> bool:
    if word in CAPABILITIES:
        return CAPABILITIES[word].name in project.portrait.plugins
    return word in FILES and has_files(project, word)

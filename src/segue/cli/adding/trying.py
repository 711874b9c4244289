"""Tries what is added in another folder: whether the app loads, and which tables are new."""

import click

from segue.cli.adding.lines import Additions
from segue.cli.adding.project import Project
from segue.cli.growing.trying import Trial

__all__ = ["tried"]


def tried(trial: Trial, additions: Additions, project: Project, what: str) -> list[str]:
    """Makes sure that the app is what it was, and more; adds the revision for new tables. Returns what has to be done by hand.

    Raises click.ClickException for what would not load.
    """
    trial.write(additions.files())
    try:
        after = trial.portrait()
    except click.ClickException as error:
        raise click.ClickException(f"It would not load. Nothing was written.\n{error.message}") from None
    before = project.portrait
    missing = {one["name"] for one in before.routes["routes"]} - {
        one["name"] for one in after.routes["routes"]
    }
    if missing:
        raise click.ClickException(
            f"Routes would be gone: {', '.join(sorted(missing))}. Nothing was written."
        )
    if after.tables == before.tables or not (project.folder / "migrations").is_dir():
        return []
    by_hand = [f'Tables are new. Write their revision: segue db diff -m "{what}"']
    # The database of the user is not ours to migrate, nor to ask.
    if after.databases.get("database") != trial.database:
        return by_hand
    trial.own("migrations")
    for command in (["db", "migrate"], ["db", "diff", "-m", what]):
        if (failed := trial.segue(*command)) is not None:
            return [*by_hand, failed]
    for file in sorted((trial.folder / "migrations").glob("*.py")):
        additions.create(f"migrations/{file.name}", file.read_text(encoding="utf-8"))
    return []

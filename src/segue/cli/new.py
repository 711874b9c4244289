"""``segue new``: a project that runs, is tested, and has nothing to be ashamed of on the internet."""

import importlib.metadata
import keyword
import re
import secrets
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

__all__ = ["new"]

#: The kinds of projects, and what each is.
KINDS = {
    "micro": "one file, and its tests",
    "api": "a package with models, migrations, tests, a description of the API, and ways to production",
    "site": "a package with pages, forms, accounts, mail, five languages, migrations, tests, and ways to production",
}
#: The folders that a kind is made of.
_FOLDERS = {
    "micro": ("common", "micro"),
    "api": ("common", "package", "api"),
    "site": ("common", "package", "site"),
}
#: What of Segue's extras a kind needs.
_EXTRAS = {"micro": "security", "api": "db,obs,security", "site": "auth,db,html,i18n,mail,obs,security"}


@click.command()
@click.argument("name")
@click.option("--micro", "kind", flag_value="micro", help=f"{KINDS['micro'].capitalize()}.")
@click.option("--api", "kind", flag_value="api", help=f"{KINDS['api'].capitalize()}.")
@click.option("--site", "kind", flag_value="site", help=f"{KINDS['site'].capitalize()}.")
@click.option("--at", type=click.Path(file_okay=False, path_type=Path), help="The folder.  [default: ./NAME]")
def new(name: str, kind: str | None, at: Path | None) -> None:
    """Begin a project: NAME is that of the app and of its folder.

    \b
    segue new shop --api && cd shop
    segue run

    Without a kind it asks. Nothing that is there is overwritten.
    """
    name = _checked(name)
    kind = kind or _asked()
    folder = at or Path(name)
    made = dict(_texts(kind, name))
    taken = sorted(str(folder / path) for path in made if (folder / path).exists())
    if taken:
        raise click.ClickException(f"There is something already, and nothing was written: {', '.join(taken)}")
    for path, text in made.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    (folder / ".env").touch(0o600)
    (folder / ".env").write_text(f"SECURITY_KEY={secrets.token_urlsafe(48)}\n", encoding="utf-8")
    click.echo(f"{folder}/: {KINDS[kind]}, {len(made) + 1} files")
    steps = [f"cd {folder}", *(["segue db migrate"] if kind != "micro" else []), "segue run"]
    click.echo("\n".join(f"  {step}" for step in steps))


def _checked(name: str) -> str:
    name = name.strip().replace("-", "_")
    if not re.fullmatch("[a-z][a-z0-9_]{0,49}", name) or keyword.iskeyword(name) or name in _RESERVED:
        raise click.ClickException(
            f"{name!r} cannot be a project: a name has small letters, digits and _, begins with a letter, and is neither a word of "
            f"Python nor one of {', '.join(sorted(_RESERVED))}."
        )
    return name


#: Modules of this name would be in the way of others.
_RESERVED = {"app", "segue", "test", "tests"}


def _asked() -> str:
    for kind, what in KINDS.items():
        click.echo(f"{kind:6} {what}")
    return str(click.prompt("Which", type=click.Choice(list(KINDS)), default="micro"))


def _texts(kind: str, name: str) -> list[tuple[Path, str]]:
    """The files of a project: where, and what is in them."""
    major, minor = importlib.metadata.version("segue").split(".")[:2]
    said = {
        "@name@": name,
        "@title@": name.replace("_", " ").capitalize(),
        "@extras@": _EXTRAS[kind],
        "@version@": f"{major}.{minor}",
    }

    def filled(text: str) -> str:
        for mark, value in said.items():
            text = text.replace(mark, value)
        return text

    source = files("segue.cli") / "projects"
    return [
        (Path(filled(str(path))), filled(file.read_text(encoding="utf-8")))
        for folder in _FOLDERS[kind]
        for path, file in _below(source / folder)
    ]


def _below(folder: Traversable, path: Path = Path()) -> list[tuple[Path, Traversable]]:
    found: list[tuple[Path, Traversable]] = []
    for one in sorted(folder.iterdir(), key=lambda each: each.name):
        if one.is_dir():
            found += _below(one, path / one.name)
        else:
            found.append((path / one.name.removesuffix(".txt"), one))
    return found

"""What there is: where the app is made, what it has, and where its models, settings and tests are."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import click

from segue.cli.growing.portrait import Portrait

__all__ = ["Project", "Site", "project_of"]


class Site(NamedTuple):
    """Where an app is made: a file, its variable, the lines of the statement, and how far it is indented."""

    file: str
    variable: str
    start: int
    end: int
    indent: str


class Project(NamedTuple):
    """A project: its folder, the app as it is, where it is made, and the package that it is in, or "" for a single file."""

    folder: Path
    portrait: Portrait
    site: Site
    package: str
    #: What commands call the app: "app:app".
    start: str

    @property
    def name(self) -> str:
        """A name for files and hosts."""
        return re.sub(r"\W+", "-", self.portrait.name).strip("-").lower()

    @property
    def title(self) -> str:
        """A name for people."""
        return self.portrait.name.replace("_", " ").capitalize()

    @property
    def models(self) -> str:
        """The file for models."""
        return f"{self.package}/models.py" if self.package else self.site.file

    @property
    def tests(self) -> str:
        """The folder for tests, with the slash behind it; "" where they are beside the app."""
        return "tests/" if self.package or (self.folder / "tests").is_dir() else ""

    def filled(self, text: str) -> str:
        """A text with the names of the project."""
        return text.replace("@title@", self.title).replace("@name@", self.name)


def project_of(folder: Path, portrait: Portrait, start: str) -> Project:
    """The project of an app. Raises click.ClickException where nobody can say where the app is made."""
    file, line = Path(portrait.place[0]).resolve(), portrait.place[1]
    try:
        name = file.relative_to(folder).as_posix()
    except ValueError:
        raise click.ClickException(
            f"The app is made in {file}, which is not below {folder}: go to the folder of the project first."
        ) from None
    source = file.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=variable)], value=ast.Call())
                | ast.AnnAssign(target=ast.Name(id=variable), value=ast.Call())
            ) if node.lineno <= line <= (node.end_lineno or line):
                first = source.splitlines()[node.lineno - 1]
                indent = first[: len(first) - len(first.lstrip())]
                inside = (file.parent / "__init__.py").is_file() and file.parent != folder
                return Project(
                    folder,
                    portrait,
                    Site(name, variable, node.lineno, node.end_lineno or node.lineno, indent),
                    file.parent.relative_to(folder).as_posix() if inside else "",
                    start,
                )
            case _:
                pass
    raise click.ClickException(
        f"{name}:{line} makes the app and gives it no name. Write `app = App(...)`, then run `segue add` again."
    )

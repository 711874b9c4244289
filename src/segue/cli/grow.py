"""``segue grow``: a file becomes a package."""

import importlib.util
import keyword
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from segue.cli.loading import needs_libcst
from segue.cli.options import app_argument, option

if TYPE_CHECKING:
    from segue.cli.growing.file import File
    from segue.cli.growing.modules import Grown
    from segue.cli.growing.placing import Placement
    from segue.cli.growing.portrait import Portrait

__all__ = ["grow"]


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--package", help="What the package is called.  [default: like the app]")
@click.option("--dry-run", is_flag=True, help="Show what would go where, and write nothing.")
@click.option("--test", is_flag=True, help="Also run pytest, and leave everything as it is if a test fails.")
def grow(app: str, factory: bool, package: str | None, dry_run: bool, test: bool) -> None:
    """Turn APP, which is one file, into a package, by moving what is in it.

    \b
    segue grow app.py --dry-run
    segue grow app.py

    Settings, models, the app itself, pages and the API get modules of their own; the file stays and has all of its names, so that
    `segue serve app.py`, `python app.py` and tests go on working. Routes, OpenAPI documents and tables are compared before anything is written: if they were
    not the same afterwards, byte for byte, the file is left alone.
    """
    needs_libcst("Moving code")
    from segue.cli.growing.file import read_file
    from segue.cli.growing.folders import folders_that_move
    from segue.cli.growing.kinds import kinds_of
    from segue.cli.growing.modules import write_modules
    from segue.cli.growing.placing import place
    from segue.cli.growing.target import file_of
    from segue.cli.growing.tests import move_tests
    from segue.cli.growing.trying import Trial, differences

    path, attribute = file_of(app)
    file = read_file(path)
    _refuse(file)
    with Trial.of(path, attribute, factory=factory) as trial:
        before = trial.portrait()
        if (
            not set(before.apps) & {name for one in file.statements for name in one.names.bound}
            and not before.bound
            and not factory
        ):
            raise click.ClickException(f"{path} makes no app: it imports one. It may have grown already.")
        name = _package_name(package, file, before)
        placement = place(file, kinds_of(file, before))
        grown = write_modules(file, placement, name, before.apps, folders_that_move(file, placement))
        tests, more, tests_stay = move_tests(path)
        grown.moves |= tests
        grown.files |= more
        for line in _told(file, placement, grown):
            click.echo(line)
        if tests_stay:
            click.echo(f"tests stay where they are: {tests_stay}")
        if test and (failed := trial.test()) is not None:
            raise click.ClickException(f"The tests fail as it is. Nothing was written.\n{failed}")
        trial.put(grown)
        try:
            changed = differences(before, trial.portrait())
        except click.ClickException as error:
            raise click.ClickException(
                f"It would not load any more. Nothing was written.\n{error.message}"
            ) from None
        if changed:
            raise click.ClickException(
                "\n  ".join(["It would not be what it was. Nothing was written.", *changed])
            )
        if test and (failed := trial.test()) is not None:
            raise click.ClickException(f"Tests would fail. Nothing was written.\n{failed}")
    if dry_run:
        click.echo("Nothing was written: --dry-run.")
        return
    _write(path.resolve(), grown)
    click.echo(
        f"{path}: {len(before.routes['routes'])} routes, the documents and the tables are the same, byte for byte."
    )


def _refuse(file: "File") -> None:
    """Says what cannot be moved by anyone who does not know what the program means."""
    for one in file.statements:
        for called in ("globals", "locals", "vars", "exec", "eval"):
            if called in one.names.used and re.search(rf"\b{called}\(\s*\)|\b(exec|eval)\(", one.text):
                raise click.ClickException(
                    f"{file.line(one.line)}: {one.title} calls {called}(), which looks at the names of this file, whatever they are. Say what it "
                    f"needs by name, then run `segue grow` again."
                )
    if not file.statements:
        raise click.ClickException(f"{file.path} has nothing to move.")


def _package_name(given: str | None, file: "File", portrait: "Portrait") -> str:
    folder = file.path.resolve().parent
    if given is not None:
        name = given
    else:
        name = re.sub(r"\W", "_", portrait.name).lower()
        if name in (file.path.stem, "app", "main") or not name.isidentifier() or _is_taken(name, folder):
            name = (
                f"{file.path.stem}_app"
                if file.path.stem not in ("app", "main")
                else f"{_plain(folder.name)}_app"
            )
    if not name.isidentifier() or keyword.iskeyword(name):
        raise click.ClickException(f"{name!r} is no name of a package. Say another: --package shop")
    if name == file.path.stem or _is_taken(name, folder):
        raise click.ClickException(f"There is a {name} already. Say another name: --package {name}_app")
    return name


def _plain(name: str) -> str:
    plain = re.sub(r"\W", "_", name).lower()
    return plain if plain.isidentifier() else "my"


def _is_taken(name: str, folder: Path) -> bool:
    if (folder / name).exists() or (folder / f"{name}.py").exists():
        return True
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return True
    # A folder of the working directory is no package in the way.
    return spec is not None and spec.origin is not None


def _told(file: "File", placement: "Placement", grown: "Grown") -> Iterator[str]:
    """Which definition goes where, what is said differently there, and what could not go where one would look for it."""
    from segue.cli.growing.placing import FRONT

    for module in placement.modules:
        own = placement.statements(module)
        where = file.path.name if module == FRONT else f"{grown.package}/{module}.py"
        if own:
            yield where
            yield from (f"  {one.title}  ({file.line(one.line)})" for one in own)
    yield from (f"{new}\n  {old}, as it is" for old, new in grown.moves.items())
    if placement.reasons:
        yield "not where one would look for it"
        yield from (
            f"  {one.title} is in {placement.homes[one]}: {why}" for one, why in placement.reasons.items()
        )
    if grown.edits:
        yield "said differently, as it is one folder below"
        yield from (f"  {one.before}  ->  {one.after}  ({file.line(one.line)})" for one in grown.edits)
    named = [one for one in file.statements if "__name__" in one.names.used and placement.homes[one] != FRONT]
    for one in named:
        yield f"note: __name__ in {one.title} ({file.line(one.line)}) is {grown.package}.{placement.homes[one]} now"


def _write(path: Path, grown: "Grown") -> None:
    """The package is there at once, and then the file changes at once."""
    folder = path.parent
    made = Path(tempfile.mkdtemp(prefix=".segue-grow-", dir=folder))
    try:
        for name, text in grown.files.items():
            (made / name).parent.mkdir(exist_ok=True)
            (made / name).write_text(text, encoding="utf-8", newline=grown.newline)
        shutil.copymode(path, made / path.name)
        (made / grown.package).rename(folder / grown.package)
        for name in grown.files:
            if "/" not in name:
                (made / name).replace(folder / name)
        for old, new in grown.moves.items():
            (folder / new).parent.mkdir(exist_ok=True)
            (folder / old).rename(folder / new)
    finally:
        shutil.rmtree(made, ignore_errors=True)

"""``segue bundle``: an app and all that it needs in one file, which Python runs as it is."""

import importlib.util
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from segue.cli.bundles.archive import write_bundle
from segue.cli.bundles.boot import PACKAGES, PROJECT
from segue.cli.bundles.project import BundleError, Project, project_of
from segue.cli.loading import frozen_app
from segue.cli.options import named_app
from segue.core.settings.config import project_config
from segue.server.target import file_of

if TYPE_CHECKING:
    from segue.cli.bundles.distributions import Distributions

__all__ = ["bundle", "made_bundle"]


@click.command()
@click.argument("app", required=False)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file.  [default: APP.pyz]"
)
@click.option(
    "--framework", is_flag=True, help="Segue alone, without an app: a command, and a module to import."
)
@click.option(
    "--with", "more", multiple=True, metavar="REQUIREMENT", help="A distribution besides: asyncpg, segue[db]."
)
@click.option("--include", multiple=True, metavar="PATTERN", help="Files that would be left out.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files that shall be left out.")
@click.option(
    "--pure", is_flag=True, help="Without compiled modules, wherever Segue and others can do without."
)
@click.option(
    "--wheels",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of wheels: their compiled modules for other systems and Pythons go in too.",
)
@click.option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.pass_context
def bundle(
    context: click.Context, /, app: str | None, framework: bool, output: Path | None, **given: Any
) -> None:
    """Make one file of APP, Segue and all that both need; Python runs it, with nothing installed.

    \b
    segue bundle app:app -o site.pyz
    python site.pyz --port 8080          serves; the database is beside the file
    python site.pyz --data /srv/site db migrate
    segue bundle --framework -o segue.pyz

    It is made of what is installed here, and of the files of the project: no .env, databases, keys, tests. What it needs is
    named in requirements.txt or pyproject.toml, or loaded by the app; anything else by --with. segue.toml may have exclude,
    include and with in a table [bundle].
    """
    if framework:
        if app is not None:
            raise click.UsageError("--framework is Segue without an app: leave one of the two out.", context)
        target: str | None = None
    else:
        target = named_app(context, app)
    try:
        file, told = made_bundle(target, output, **given)
    except BundleError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: {file.stat().st_size / 1e6:.1f} MB, {told}")


def made_bundle(
    target: str | None,
    output: Path | None,
    *,
    more: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    pure: bool = False,
    wheels: Path | None = None,
    factory: bool = False,
) -> tuple[Path, str]:
    """Makes a bundle of the app ``target``, or of Segue alone; returns the file, and what is in it. Raises BundleError."""
    project: Project | None = None
    named = "segue"
    content: dict[str, Path | bytes] = {}
    if target is not None:
        named = frozen_app(target, factory=factory).name
        project = _project(target, factory)
        said = project_config(project.folder, None).tree("bundle")
        own = project.files((*include, *said.get("include", ())), (*exclude, *said.get("exclude", ())))
        content.update({f"{PROJECT}/{path}": file for path, file in own.items()})
        more = (*more, *said.get("with", ()))
    distributions = _distributions(project, more, pure)
    packages: dict[str, Path | bytes] = dict(distributions.files())
    if wheels is not None:
        from segue.cli.bundles.wheels import from_wheels

        for path, data in from_wheels(wheels, distributions.found):
            packages.setdefault(path, data)
    from segue.cli.bundles.distributions import compiled

    content.update({f"{PACKAGES}/{path}": one for path, one in packages.items()})
    output = output or Path(f"{'segue' if project is None else Path(project.app.partition(':')[0]).stem}.pyz")
    needed = compiled(packages)
    manifest = {
        "name": re.sub(r"[^\w.-]+", "-", named),
        "app": None if project is None else project.app,
        "python": f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}, {platform.system()} {platform.machine()}",
        "compiled": needed,
        "distributions": {name: one.version for name, one in sorted(distributions.found.items())},
    }
    write_bundle(output, content, manifest)
    told = f"{len(distributions.found)} distributions"
    if project is not None:
        told = f"{sum(path.startswith(PROJECT) for path in content)} files of {project.folder.name}, {told}"
    if needed:
        told += f"; compiled, for {manifest['python']}: {', '.join(sorted({one.split('/')[0] for one in needed}))}"
    return output, told


def _distributions(project: Project | None, more: tuple[str, ...], pure: bool) -> "Distributions":
    if importlib.util.find_spec("packaging") is None:
        raise BundleError('`segue bundle` reads requirements with packaging: pip install "segue[dev]"')
    from segue.cli.bundles.distributions import Distributions, loaded_names, stated

    distributions = Distributions(pure=pure)
    distributions.add("segue", "the bundle")
    if project is not None:
        for one in stated(project.folder):
            distributions.require(one, "requirements.txt or pyproject.toml of the project")
        for name in sorted(loaded_names(project.folder)):
            distributions.add(name, "the app")
        distributions.add_kits()
    for text in more:
        distributions.add(text, "--with")
    return distributions


def _project(target: str, factory: bool) -> Project:
    file, attribute = file_of(target)
    if file is None:
        raise BundleError(f"{target} is in no file that could be put into a bundle.")
    return project_of(file, attribute + "()" * (factory and "(" not in attribute))

"""``segue assets``: static files, built ahead of time."""

from pathlib import Path

import click

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option
from segue.core.files.building import build_assets

__all__ = ["assets"]


@click.group()
def assets() -> None:
    """Static files, built ahead of time.

    \b
    segue assets build films:app --to build/assets
    """


@assets.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/assets"),
    show_default=True,
    help="The folder that they are written into.",
)
@click.option(
    "--strict", is_flag=True, help="Exit with 1 when a style sheet refers to a file that is not there."
)
def build(app: str, factory: bool, to: Path, strict: bool) -> None:
    """Write the static files of APP with the hash of their content in their names.

    Those that shrink are compressed too (gzip; brotli and zstd where the packages brotli and backports.zstd are there), style
    sheets refer to the new names, and manifest.json says which is which: for the plugin Assets, or to be copied to another
    host. Files of earlier builds stay.
    """
    built = build_assets(frozen_app(app, factory=factory), to)
    for one in built.missing:
        click.echo(f"{one}, which is not there", err=True)
    click.echo(f"{built.files} files in {to}, {built.compressed} of them compressed")
    if strict and built.missing:
        raise click.exceptions.Exit(1)

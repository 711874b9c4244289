"""The command ``segue`` and its list of commands."""

import click

from segue.cli.control import reload, status, stop
from segue.cli.explain import explain
from segue.cli.routes import routes
from segue.cli.run import run
from segue.cli.serve import serve
from segue.cli.watch import watch

__all__ = ["main"]


@click.group(context_settings={"max_content_width": 110})
@click.option("--app", help="The application, for commands that are given none. Also SEGUE_APP.")
@click.version_option(package_name="segue")
def main(app: str | None) -> None:
    """Segue: start with one file, finish with anything."""


for command in (run, serve, routes, explain, watch, stop, reload, status):
    main.add_command(command)

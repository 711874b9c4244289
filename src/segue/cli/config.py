"""``segue config``: the settings of an application, and where each comes from."""

import os
from pathlib import Path

import click
import msgspec

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option
from segue.cli.table import columns
from segue.core.settings.configfiles import ARGUMENTS, ConfigError, read_dotenv

__all__ = ["config", "take_settings"]


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def config(app: str, factory: bool, as_json: bool) -> None:
    """Show the settings of APP: each value, and where it comes from. Secrets are not shown.

    \b
    segue config shop:app
    segue --set shop.currency=USD config shop:app
    """
    settings = frozen_app(app, factory=factory).plan.life.settings
    rows = [one for section in settings for one in section.settings]
    if as_json:
        found = {one.name: {"value": one.shown, "source": one.source} for one in rows}
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for line in columns([(one.name, one.shown, one.source) for one in rows]):
        click.echo(line)


def take_settings(settings: tuple[str, ...]) -> None:
    """Hands ``--set`` on to the application, and takes the variables of Segue's own that ``.env`` has."""
    for one in settings:
        if "=" not in one or "\n" in one:
            raise click.BadParameter(
                f"{one!r} is no setting. Write --set shop.currency=USD.", param_hint="--set"
            )
    if settings:
        # The environment is what workers, and programs started anew, have in common.
        os.environ[ARGUMENTS] = "\n".join([*os.environ.get(ARGUMENTS, "").splitlines(), *settings])
    if Path(".env").is_file():
        try:
            variables = read_dotenv(Path(".env"))
        except ConfigError as error:
            raise click.ClickException(str(error)) from None
        for name, (value, _) in variables.items():
            if name.startswith("SEGUE_"):
                os.environ.setdefault(name, value)

"""``segue routes``: what an application answers, and where that is written."""

from typing import Any

import click

from segue.cli.options import app_argument, option
from segue.core.app import App
from segue.core.plan import FreezeError
from segue.server.frames import own_traceback
from segue.server.target import TargetError, load_target

__all__ = ["load_app", "routes"]


def load_app(target: str, *, factory: bool) -> App:
    """The App that ``target`` names. Raises click.ClickException with the reason."""
    try:
        found: Any = load_target(target, factory=factory)
    except TargetError as error:
        raise click.ClickException(str(error)) from None
    except Exception as error:  # noqa: BLE001 -- whatever the user's module raises is told
        raise click.ClickException(f"The application does not load.\n{own_traceback(error)}") from None
    if not isinstance(found, App):
        raise click.ClickException(f"{target} is an application of another kind: {type(found).__name__}.")
    return found


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
def routes(app: str, factory: bool) -> None:
    """List the routes of APP: methods, path, name, and the place of the handler."""
    try:
        plan = load_app(app, factory=factory).freeze()
    except FreezeError as error:
        raise click.ClickException(str(error)) from None
    rows = [(",".join(one.methods), one.path, one.name, str(one.place)) for one in plan.endpoints]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        click.echo("  ".join([*cells, row[3]]))

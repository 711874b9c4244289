"""``segue routes``: what an application answers, and where that is written."""

import click
import msgspec

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option
from segue.cli.table import columns
from segue.core.inspection.overview import Inspection, RouteInfo, inspect_app

__all__ = ["routes"]

_KEYS = ("declared", "path", "name", "method", "place")


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option(
    "--sort", type=click.Choice(_KEYS), default="declared", show_default=True, help="The order of the rows."
)
@click.option("--json", "as_json", is_flag=True, help="All that is known about the application, as JSON.")
@click.option(
    "--internal", is_flag=True, help="Also what Segue adds: HEAD, OPTIONS, and the rest of the pipeline."
)
def routes(app: str, factory: bool, sort: str, as_json: bool, internal: bool) -> None:
    """List the routes of APP: methods, path, name, and the place of the handler.

    Columns for the host and for predicates are there when a route has them. Where the handler is Segue's own, as that of static files,
    the place is where the route is declared.
    """
    inspection = inspect_app(frozen_app(app, factory=factory))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(inspection)).decode())
        return
    rows = [_row(one, internal=internal) for one in _sorted(inspection.routes, sort)]
    for line in columns(rows):
        click.echo(line)
    if internal:
        _echo_pipeline(inspection)


def _sorted(routes: list[RouteInfo], key: str) -> list[RouteInfo]:
    orders = {
        "path": lambda one: (one.path, one.methods),
        "name": lambda one: (one.name, one.path),
        "method": lambda one: (one.methods, one.path),
        "place": lambda one: (one.place.rpartition(":")[0], int(one.place.rpartition(":")[2])),
    }
    return sorted(routes, key=orders[key]) if key in orders else routes


def _row(route: RouteInfo, *, internal: bool) -> tuple[str, ...]:
    methods = "WEBSOCKET" if route.kind == "websocket" else ",".join(route.methods) or "*"
    if internal:
        methods = ",".join([methods, *route.automatic])
    place = route.declared if route.own and not internal else route.place
    return methods, route.host or "", route.path, route.conditions, route.name, place


def _echo_pipeline(inspection: Inspection) -> None:
    for title, rows in (
        ("middleware", [(one.app, one.name, one.place) for one in inspection.middleware]),
        (
            "error handlers",
            [(one.app, one.what, one.handler, one.place) for one in inspection.error_handlers],
        ),
        ("lifespans", [(one.app, one.name, one.place) for one in inspection.lifespans]),
    ):
        if rows:
            click.echo(f"\n{title}")
            for line in columns(rows, indent="  "):
                click.echo(line)

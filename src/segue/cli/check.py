"""``segue check``: what is wrong with an application, found without running it."""

from pathlib import Path

import click
import msgspec

from segue.cli.loading import load_app
from segue.cli.options import app_argument, option
from segue.core.inspection.checks import Finding, check_app

__all__ = ["check"]


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--deploy", is_flag=True, help="Also what must not be where others can reach it.")
@click.pass_context
def check(context: click.Context, /, app: str, factory: bool, as_json: bool, deploy: bool) -> None:
    """Find what is wrong with APP: one line for each fault, with its place. The exit code is 1 when there is any.

    \b
    blocking         a call that stops the event loop, such as time.sleep
    not-awaited      a coroutine that nobody awaits
    shadowed         a route that gets a 405 for paths of another one
    never-matches    a parameter that its path can never give
    get-body         a body that a GET needs
    no-reply         a result that is no response
    lost-decorator   a decorator above the route, which the route does not have
    unguarded        a route that writes and reads a cookie, without a guard against other sites
    dead-link        url_for with a name that no route has, in Python or a template
    not-provided     a parameter of a command that nothing provides
    cannot-start     what the application would say when it starts

    A comment on the line silences one: # segue: ignore[blocking]. Plugins and the application add checks of their own:
    @app.check.
    """
    found = check_app(load_app(app, factory=factory), deploy=deploy)
    if as_json:
        click.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
    else:
        for one in map(_shown, found):
            click.echo(f"{one.file}:{one.line}: {one.code} {one.message}")
        if not found:
            click.echo("Nothing found.", err=True)
    context.exit(1 if found else 0)


def _shown(one: Finding) -> Finding:
    try:
        file = str(Path(one.file).relative_to(Path.cwd()))
    except ValueError:
        return one
    return msgspec.structs.replace(one, file=file)

"""``segue check``: what is wrong with an application, found without running it."""

import asyncio
from pathlib import Path

import click
import msgspec

from segue.cli.loading import load_app
from segue.cli.options import app_argument, option
from segue.core.app import App
from segue.core.inspection.checks import Finding, check_app, is_silenced

__all__ = ["check"]


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--deploy", is_flag=True, help="Also what must not be where others can reach it.")
@option("--attack", "attacked", is_flag=True, help="Also what gets through to the handlers: calls them all.")
@option(
    "--header", "headers", multiple=True, metavar="NAME:VALUE", help="Sent with each attack. May be repeated."
)
@click.pass_context
def check(
    context: click.Context,
    /,
    app: str,
    headers: tuple[str, ...],
    *,
    factory: bool,
    as_json: bool,
    deploy: bool,
    attacked: bool,
) -> None:
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

    --attack asks each route with hostile values, in this process, and adds what it finds:

    \b
    open-redirect    a link that leads to any site
    script-injection, template-injection, sql-injection, header-injection, path-traversal
    cors, host, forged-request, forged-socket
    crash            a value that is a failure of the server
    slow-pattern     a text that takes far too long

    It calls handlers that write, too: let it have a database of its own, DATABASE_URL=sqlite:///attack.db. Mail is not sent.

    A comment on the line silences one: # segue: ignore[blocking]. Plugins and the application add checks of their own:
    @app.check.
    """
    loaded = load_app(app, factory=factory)
    found = check_app(loaded, deploy=deploy)
    if attacked and not any(one.code == "cannot-start" for one in found):
        found = sorted({*found, *_attacked(loaded, headers)})
    if as_json:
        click.echo(msgspec.json.encode([_shown(one) for one in found]).decode())
    else:
        for one in map(_shown, found):
            click.echo(f"{one.file}:{one.line}: {one.code} {one.message}")
        if not found:
            click.echo("Nothing found.", err=True)
    context.exit(1 if found else 0)


def _attacked(app: App, headers: tuple[str, ...]) -> list[Finding]:
    """What gets through, but for what a comment silences."""
    from segue.testing.attacks import attack

    fields: dict[str, str] = {}
    for one in headers:
        name, colon, value = one.partition(":")
        if not colon:
            raise click.UsageError(f"--header is NAME:VALUE, not {one!r}.")
        fields[name.strip().lower()] = value.strip()
    return [one for one in asyncio.run(attack(app, headers=fields)) if not is_silenced(one)]


def _shown(one: Finding) -> Finding:
    try:
        file = str(Path(one.file).relative_to(Path.cwd()))
    except ValueError:
        return one
    return msgspec.structs.replace(one, file=file)

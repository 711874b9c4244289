"""The command ``segue`` and its list of commands: its own, those of installed packages, those of the app."""

import importlib.metadata

import click

from segue.cli.add import add
from segue.cli.assets import assets
from segue.cli.bundle import bundle
from segue.cli.check import check
from segue.cli.config import config, take_settings
from segue.cli.control import reload, status, stop
from segue.cli.deploy import deploy
from segue.cli.execute import execute
from segue.cli.explain import explain
from segue.cli.grow import grow
from segue.cli.info import info
from segue.cli.key import key
from segue.cli.new import new
from segue.cli.openapi import client, openapi
from segue.cli.options import named_app
from segue.cli.request import request
from segue.cli.routes import routes
from segue.cli.run import run
from segue.cli.serve import serve
from segue.cli.shell import shell
from segue.cli.testserver import testserver
from segue.cli.watch import watch

__all__ = ["main"]

#: The group of entry points that add commands of click to ``segue``.
ENTRY_POINTS = "segue.commands"


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        more = {one.name for one in importlib.metadata.entry_points(group=ENTRY_POINTS)}
        return [*self.commands, *sorted(more - self.commands.keys())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        for one in importlib.metadata.entry_points(group=ENTRY_POINTS, name=cmd_name):
            command = one.load()
            if isinstance(command, click.Command):
                return command
            raise click.ClickException(
                f"The command {cmd_name!r} of {one.value} is no command of click but {type(command).__name__!r}."
            )
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        # What Segue has no command for may be one of the app.
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None and _has_app(ctx):
            return "exec", execute, args
        return super().resolve_command(ctx, args)


def _has_app(ctx: click.Context) -> bool:
    try:
        return bool(named_app(ctx, None))
    except click.UsageError:
        return False


@click.group(cls=_Commands, context_settings={"max_content_width": 110})
@click.option("--app", help="The application, for commands that are given none. Also SEGUE_APP.")
@click.version_option(package_name="segue")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the application, above all other sources: --set shop.db.url=sqlite://. May be repeated.",
)
def main(app: str | None, settings: tuple[str, ...]) -> None:  # noqa: ARG001 -- commands read `app`
    """Segue: start with one file, finish with anything."""
    take_settings(settings)


for command in (
    new,
    add,
    grow,
    run,
    serve,
    routes,
    explain,
    check,
    config,
    request,
    shell,
    testserver,
    info,
    key,
    execute,
    openapi,
    client,
    assets,
    bundle,
    deploy,
    watch,
    stop,
    reload,
    status,
):
    main.add_command(command)

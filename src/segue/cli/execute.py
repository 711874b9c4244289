"""``segue exec``: the commands that an app declares itself."""

from typing import Any

import click

from segue.cli.commandline import app_commands
from segue.cli.loading import frozen_app
from segue.cli.options import named_app

__all__ = ["execute"]


class _OwnCommands(click.Group):
    """A group whose commands are those of the app. Its first word may be the app."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # What looks like an application cannot be the name of a command.
        if args and (":" in args[0] or args[0].endswith(".py")):
            ctx.meta["segue.app"] = args.pop(0)
        return super().parse_args(ctx, args)

    def _of_app(self, ctx: click.Context) -> dict[str, click.Command]:
        found: dict[str, click.Command] | None = ctx.meta.get("segue.commands")
        if found is None:
            app = frozen_app(named_app(ctx, ctx.meta.get("segue.app")))
            found = ctx.meta["segue.commands"] = app_commands(app)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._of_app(ctx)) if _is_named(ctx) else []

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._of_app(ctx).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self._of_app(ctx)
        if args and args[0] not in known:
            told = f"It has: {', '.join(sorted(known))}." if known else "It has none: write @app.command."
            raise click.UsageError(f"The application has no command {args[0]!r}. {told}", ctx)
        return super().resolve_command(ctx, args)


def _is_named(ctx: click.Context) -> bool:
    try:
        named_app(ctx, ctx.meta.get("segue.app"))
    except click.UsageError:
        return False
    return True


@click.group("exec", cls=_OwnCommands, subcommand_metavar="[APP] COMMAND [ARGS]...", no_args_is_help=True)
def execute(**_: Any) -> None:
    """Run a command of the application's own.

    \b
    segue exec hello Django --times 2
    segue exec shop:app users create

    Without COMMAND it lists them. They are also there without exec: segue hello Django.
    """

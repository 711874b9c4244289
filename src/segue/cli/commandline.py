"""Makes commands of click from the commands of an app."""

import enum
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import msgspec

from segue.cli.session import Session
from segue.core.app import App
from segue.core.binding.kinds import bare, list_item, without_none
from segue.core.binding.parameters import MISSING, HandlerError
from segue.core.binding.scalars import from_text
from segue.core.plugins.commands import CommandParameter, command_parameters
from segue.core.records import Command

__all__ = ["app_commands"]


def app_commands(app: App) -> dict[str, click.Command]:
    """The commands of a frozen app by name; those of one group are in a group of click."""
    top = click.Group()
    for command in app.plan.commands:
        group = top
        for word in command.words[:-1]:
            inner = group.commands.get(word)
            if not isinstance(inner, click.Group):
                inner = click.Group(word, help=f"Commands of {word}.")
                group.add_command(inner)
            group = inner
        group.add_command(_as_click(app, command), command.words[-1])
    return dict(top.commands)


def _as_click(app: App, command: Command) -> click.Command:
    run = command.run
    if isinstance(run, click.Command):
        return _started(app, run) if command.lifespan else run
    parameters = command_parameters(command)
    given: list[click.Parameter] = [_parameter(one) for one in parameters if one.origin != "injected"]

    def call(**values: Any) -> None:
        with Session(app, lifespan=command.lifespan) as session:
            _print(_call(session, run, values))

    return click.Command(command.words[-1], params=given, callback=call, help=inspect.getdoc(run))


def _started(app: App, command: click.Command) -> click.Command:
    """A command of click, with the app as its ``obj``, started while it runs."""
    callback = command.callback

    def call(*args: Any, **values: Any) -> Any:
        click.get_current_context().obj = app
        with Session(app):
            return callback(*args, **values) if callback is not None else None

    started = click.Command(
        command.name, params=command.params, callback=call, help=command.help, short_help=command.short_help
    )
    if isinstance(command, click.Group):
        return _group(app, command)
    return started


def _group(app: App, group: click.Group) -> click.Group:
    made = click.Group(group.name, help=group.help, params=group.params, callback=group.callback)
    for name, command in group.commands.items():
        made.add_command(_started(app, command), name)
    return made


def _call(session: Session, run: Callable[..., Any], values: dict[str, Any]) -> Any:
    try:
        with session.scope() as scope:
            provided = session.run(scope.arguments(run, values))
            result = run(**values, **provided)
            return session.run(result) if inspect.iscoroutine(result) else result
    except HandlerError as error:  # what it needs is not provided
        raise click.ClickException(str(error)) from None


def _print(result: Any) -> None:
    """What a command returns is its output: text as it is, other values as JSON."""
    if result is None:
        return
    if isinstance(result, str):
        click.echo(result)
    elif isinstance(result, bytes):
        click.echo(result, nl=False)
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(result)).decode())


# --- parameters ------------------------------------------------------------------------------------------------------


def _parameter(one: CommandParameter) -> click.Parameter:
    kind = list_item(one.kind) if one.many else one.kind
    plain = bare(without_none(kind))
    if one.origin == "argument":
        return click.Argument([one.name], type=Word(kind), nargs=-1 if one.many else 1, required=not one.many)
    name = one.name.strip("_").replace("_", "-")
    given: dict[str, Any] = {"help": one.help, "required": one.default is MISSING and not one.many}
    if one.default is not MISSING:
        given["default"] = one.default
        given["show_default"] = one.default not in (None, "", [], ())
    if plain is bool:
        return click.Option([f"--{name}/--no-{name}", one.name], **given)
    return click.Option([f"--{name}", one.name], type=Word(kind), multiple=one.many, **given)


class Word(click.ParamType[Any]):
    """A word of the command line as a value of some type, its constraints checked as those of a query are."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        plain = bare(without_none(kind))
        self.choices = _choices(plain)
        self.name = "|".join(self.choices) if self.choices else str(getattr(plain, "__name__", "text"))
        self.is_path = isinstance(plain, type) and issubclass(plain, Path)
        self.read = None if self.is_path else from_text(kind)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        if isinstance(param, click.Argument):
            return None
        return f"[{self.name}]" if self.choices else self.name.upper()

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value  # a default
        if self.is_path:
            return Path(value)
        try:
            return value if self.read is None else self.read(value)
        except msgspec.ValidationError as error:
            known = f" It is one of {', '.join(self.choices)}." if self.choices else ""
            self.fail(f"{value!r}: {str(error).rstrip('.')}.{known}", param, ctx)


def _choices(plain: Any) -> list[str]:
    if get_origin(plain) is Literal:
        return [str(one) for one in get_args(plain)]
    if isinstance(plain, type) and issubclass(plain, enum.Enum):
        return [str(one.value) for one in plain]
    return []

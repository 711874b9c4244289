"""The options that several commands share; each is an environment variable too: ``--max-age`` is ``SEGUE_MAX_AGE``."""

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

__all__ = ["Octal", "Port", "Size", "app_argument", "config_option", "named_app", "option", "options"]

#: Where an application is looked for when none is named.
APP_FILES = ("app.py", "main.py")

F = TypeVar("F", bound=Callable[..., Any])


def option(*names: str, **attributes: Any) -> Callable[[F], F]:
    """``click.option`` with the variable ``SEGUE_NAME`` for ``--name``."""
    flag = next(name for name in names if name.startswith("--")).partition("/")[0]
    variable = "SEGUE_" + flag.removeprefix("--").replace("-", "_").upper()
    attributes.setdefault("envvar", variable)
    attributes.setdefault("show_default", True)
    return click.option(*names, **attributes)


def options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in the order in which the help shows them."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def named_app(context: click.Context, given: str | None, source: ParameterSource | None = None) -> str:
    """The application that a command is for: ``given``, that of ``segue --app``, or app.py or main.py of the folder.

    ``source``: where ``given`` comes from; an environment variable stands behind ``segue --app``.
    """
    outer: str | None = context.find_root().params.get("app")
    if source is ParameterSource.COMMANDLINE and given:
        return given
    for one in (outer, given, os.environ.get("SEGUE_APP")):
        if one:
            return one
    for name in APP_FILES:
        if Path(name).is_file():
            return name
    raise click.UsageError(
        f"Which application? Write segue {context.info_name} hello:app, or segue --app hello:app {context.info_name}, or "
        f"set SEGUE_APP. There is no {' and no '.join(APP_FILES)} in {Path.cwd()} either.",
        context,
    )


def _find_app(context: click.Context, parameter: click.Parameter, given: str | None) -> str:
    return named_app(context, given, context.get_parameter_source(parameter.name or ""))


app_argument = click.argument("app", envvar="SEGUE_APP", required=False, callback=_find_app)


def _read_config(context: click.Context, parameter: click.Parameter, path: str | None) -> None:
    if path is None:
        return
    try:
        with open(path, "rb") as file:  # noqa: PTH123 -- what click hands over is a str
            values = tomllib.load(file)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}.", context, parameter) from None
    except tomllib.TOMLDecodeError as error:
        raise click.BadParameter(f"{path} is not TOML: {error}.", context, parameter) from None
    given = {key.replace("-", "_"): value for key, value in values.items()}
    known = {one.name for one in context.command.params if one is not parameter}
    if unknown := sorted(given.keys() - known):
        raise click.BadParameter(
            f"{path} sets {', '.join(unknown)}, which {context.command.name} does not know. It knows: "
            f"{', '.join(sorted(name for name in known if name))}.",
            context,
            parameter,
        )
    context.default_map = {**(context.default_map or {}), **given}


config_option = click.option(
    "--config",
    "-c",
    type=click.Path(),
    envvar="SEGUE_CONFIG",
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    help='TOML file with values for these options, e.g. port = 8080 or max-age = 3600; app = "films:app" too.',
)


class Port(click.ParamType[int]):
    """A port. Kubernetes sets SEGUE_PORT=tcp://10.0.0.1:80 for a service that is called segue: not meant for us."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        if text.startswith("tcp://"):
            return 8000
        if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
            self.fail(f"{text!r} is no port. It is a number from 0 (a free port) to 65535.", param, ctx)
        return int(text)


class Size(click.ParamType[int]):
    """Bytes: ``300M``, ``2G``, ``65536``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).upper().removesuffix("B").removesuffix("I")
        factor = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:], 1)
        digits = text[:-1] if factor > 1 else text
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            self.fail(f"{value!r} is no size. Write 65536, 300M or 2G.", param, ctx)
        return int(digits) * factor


class Octal(click.ParamType[int]):
    """File permissions: ``660``."""

    name = "octal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            mode = int(str(value), 8)
        except ValueError:
            mode = -1
        if not 0 <= mode <= 0o777:
            self.fail(f"{value!r} are no permissions. Write three octal digits, e.g. 660.", param, ctx)
        return mode

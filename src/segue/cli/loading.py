"""Loads the application that a command is for, and says what is wrong with it in the user's own lines."""

import importlib.util
from typing import Any

import click

from segue.core.app import App
from segue.core.plan import FreezeError
from segue.server.frames import own_traceback
from segue.server.target import TargetError, load_target

__all__ = ["frozen_app", "load_app", "needs_libcst"]


def load_app(target: str, *, factory: bool = False) -> App:
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


def frozen_app(target: str, *, factory: bool = False) -> App:
    """The same, frozen. Raises click.ClickException with all that is wrong."""
    app = load_app(target, factory=factory)
    try:
        app.freeze()
    except FreezeError as error:
        raise click.ClickException(str(error)) from None
    return app


def needs_libcst(what: str) -> None:
    """Raises click.ClickException where the library is missing that keeps code as it is written."""
    if importlib.util.find_spec("libcst") is None:
        raise click.ClickException(
            f"{what} needs libcst: pip install 'segue[grow]'. It is for who develops an app, not for its server."
        )

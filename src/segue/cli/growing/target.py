"""The file of an application that a command names."""

import os
from pathlib import Path

import click

__all__ = ["file_of"]


def file_of(app: str) -> tuple[Path, str]:
    """The file that ``app.py``, ``app.py:shop`` or ``app:shop`` names, and what is behind the colon. Raises click.UsageError where there is none."""
    before, is_file, after = app.partition(".py")
    if is_file:
        path, attribute = Path(f"{before}.py"), after.removeprefix(":")
    else:
        name, _, attribute = app.partition(":")
        path = Path(name.replace(".", os.sep) + ".py")
    if not path.is_file():
        raise click.UsageError(
            f"There is no file {path}. Name the file that has the app: app.py, app.py:shop"
        )
    return path, attribute

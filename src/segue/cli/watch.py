"""``segue watch``: any program, started anew when a file changes."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import click

from segue.cli.options import option
from segue.server import Reloading
from segue.server.watcher import Watcher

__all__ = ["watch"]

_LOOK_EACH = 0.1
_PATIENCE = 2.0  # seconds that the program has to end by itself


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@option("--reload-dir", multiple=True, default=(".",), help="Folder to watch. May be repeated.")
@option(
    "--reload-include", multiple=True, help="Further file, or pattern of names, to watch. May be repeated."
)
@option("--reload-exclude", multiple=True, help="Pattern of names or paths to leave out. May be repeated.")
def watch(
    command: tuple[str, ...],
    reload_dir: tuple[str, ...],
    reload_include: tuple[str, ...],
    reload_exclude: tuple[str, ...],
) -> None:
    """Run COMMAND, and run it again whenever a file changes.

    When it ends by itself, say because of a syntax error, the next change starts it again.

    \b
    segue watch worker.py --queue mail
    segue watch -- make report
    """
    watcher = Watcher(
        Reloading(
            folders=reload_dir,
            include=("*.py", *(one for one in reload_include if not Path(one).is_file())),
            exclude=reload_exclude,
            files=tuple(one for one in reload_include if Path(one).is_file()),
        )
    )
    words = [sys.executable, *command] if command[0].endswith(".py") else list(command)
    fd = watcher.start()
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        while True:
            _run_once(words, watcher, fd)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)
        watcher.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run_once(words: list[str], watcher: Watcher, fd: int) -> None:
    """Runs the program until a file changes."""
    try:
        program = subprocess.Popen(words)  # noqa: S603 -- the user's own command
    except OSError as error:
        raise click.ClickException(f"{words[0]} cannot be run: {error.strerror}.") from None
    told = False
    try:
        while True:
            if select.select([fd], [], [], _LOOK_EACH)[0] and (names := watcher.read()):
                click.echo(f"{', '.join(names)} changed: running again.", err=True)
                return
            if watcher.ended:
                raise click.ClickException("Files cannot be watched any more.")
            if not told and (code := program.poll()) is not None:
                told = True
                click.echo(f"The program ended with code {code}. Waiting for a file to change.", err=True)
    finally:
        _end(program)


def _end(program: "subprocess.Popen[bytes]") -> None:
    if program.poll() is None:
        program.terminate()
        try:
            program.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            os.kill(program.pid, signal.SIGKILL)
            program.wait()

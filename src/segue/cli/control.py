"""``segue stop``, ``reload`` and ``status``: a server that runs, by its PID file."""

import os
import signal
import time
from pathlib import Path

import click

from segue.cli.options import option
from segue.server.pidfile import running

__all__ = ["reload", "status", "stop"]

_pid_file = option("--pid-file", required=True, help="The file that the server was started with.")


def _process(pid_file: str) -> int:
    pid = running(pid_file)
    if pid is None:
        raise click.ClickException(f"No server runs with the PID file {pid_file}.")
    return pid


@click.command()
@_pid_file
@option("--timeout", type=float, default=35.0, help="Seconds to wait for its end.")
def stop(pid_file: str, timeout: float) -> None:
    """Stop a server: it drains and ends."""
    pid = _process(pid_file)
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + timeout
    while running(pid_file) == pid:
        if time.monotonic() > end:
            raise click.ClickException(f"Process {pid} still runs after {timeout:g} seconds.")
        time.sleep(0.05)
    click.echo(f"Process {pid} has ended.")


@click.command()
@_pid_file
def reload(pid_file: str) -> None:
    """Load the application anew without a failed request."""
    pid = _process(pid_file)
    os.kill(pid, signal.SIGHUP)
    click.echo(f"Process {pid} reloads.")


@click.command()
@_pid_file
def status(pid_file: str) -> None:
    """Say whether a server runs, and with which workers. The exit code is 3 when none does."""
    pid = running(pid_file)
    if pid is None:
        click.echo("stopped")
        raise SystemExit(3)
    try:
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        workers = []
    told = f", workers {' '.join(workers)}" if workers else ""
    click.echo(f"running, process {pid}{told}")

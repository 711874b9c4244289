"""``segue stop``, ``reload`` and ``status``: a server that runs, by its PID file."""

import os
import signal
import time
from pathlib import Path

import click

from segue.cli.options import option
from segue.server.pidfile import progress_of, running

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
@click.option(
    "--wait", is_flag=True, help="Return when the new workers serve; exit with 1 if they do not start."
)
@option("--timeout", type=float, default=60.0, help="Seconds to wait for that.")
def reload(pid_file: str, wait: bool, timeout: float) -> None:
    """Load the application anew without a failed request."""
    pid = _process(pid_file)
    before = progress_of(pid_file)
    os.kill(pid, signal.SIGHUP)
    if not wait:
        click.echo(f"Process {pid} reloads.")
        return
    end = time.monotonic() + timeout
    while (now := progress_of(pid_file)).served == before.served:
        if now.failed != before.failed:
            raise click.ClickException(f"The new workers do not start; the old ones go on.\n{now.reason}")
        if running(pid_file) != pid:
            raise click.ClickException(f"Process {pid} has ended instead: it has no workers to reload.")
        if time.monotonic() > end:
            raise click.ClickException(
                f"The new workers of process {pid} do not serve after {timeout:g} seconds."
            )
        time.sleep(0.05)
    click.echo(f"Process {pid} has reloaded.")


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

"""``segue info``: the versions that matter in a report."""

import importlib.metadata
import platform
import re

import click

from segue.cli.table import columns

__all__ = ["info"]

_NAME = re.compile(r"[A-Za-z0-9._-]+")


@click.command()
@click.option("--all", "everything", is_flag=True, help="All that is installed, not only what Segue may use.")
def info(everything: bool) -> None:
    """Print the versions of Python, Segue, and of the packages beside it."""
    rows = [
        ("python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("platform", platform.platform()),
        ("segue", importlib.metadata.version("segue")),
    ]
    installed = {
        one.name.lower().replace("_", "-"): one.version
        for one in importlib.metadata.distributions()
        if one.name and one.name.lower() != "segue"
    }
    wanted = installed.keys() if everything else _used()
    rows += [(name, installed[name]) for name in sorted(wanted) if name in installed]
    for line in columns(rows):
        click.echo(line)


def _used() -> set[str]:
    """What Segue depends on, and its extras."""
    required = importlib.metadata.requires("segue") or []
    names = [_NAME.match(one) for one in required]
    return {name[0].lower().replace("_", "-") for name in names if name is not None}

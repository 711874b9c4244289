"""Plugins that installed packages bring along."""

import inspect
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from segue.core.plugins.order import Listed, Plugin, unfit
from segue.core.source import Source

__all__ = ["GROUP", "discovered"]

GROUP = "segue.plugins"


def discovered(*names: str) -> list[Plugin]:
    """The plugins of installed packages: all of them, or those of these names in this order.

        app = App(plugins=[Sessions(), *discovered()])
        app = App(plugins=discovered("stopwatch"))

    A package offers one in its ``pyproject.toml``; the object is a plugin, or a class or function that makes one of no
    arguments:

        [project.entry-points."segue.plugins"]
        stopwatch = "segue_stopwatch:Stopwatch"

    Nothing is discovered by itself: what is installed is not yet wanted. Raises LookupError for a name that no package
    offers, TypeError for what is no plugin.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        present = found.setdefault(entry.name, entry)
        if present.value != entry.value:
            raise LookupError(
                f"two packages offer a plugin {entry.name!r}: {_told(present)} and {_told(entry)}; uninstall one of them"
            )
    missing = [name for name in names if name not in found]
    if missing:
        there = ", ".join(sorted(found)) or "none"
        raise LookupError(f"no installed package offers the plugin {missing[0]!r}; there are: {there}")
    return [_made(found[name]) for name in names or sorted(found)]


def _made(entry: EntryPoint) -> Plugin:
    offered: Any = entry.load()
    if isinstance(offered, type) or inspect.isfunction(offered):
        offered = cast(Callable[[], Any], offered)()
    plugin = cast(Plugin, offered)
    wrong = unfit(Listed(plugin, Source(_told(entry), 0)))
    if wrong is not None:
        raise TypeError(f"{_told(entry)} offers no plugin: {wrong.partition(': ')[2]}")
    return plugin


def _told(entry: EntryPoint) -> str:
    package = "a package" if entry.dist is None else entry.dist.name
    return f"{package} ({entry.value})"

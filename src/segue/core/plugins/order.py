"""Plugins: objects that declare on an app what the app's author would have written by hand."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from segue.core.source import Source

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup

__all__ = ["Listed", "Plugin", "ordered", "unfit"]


@runtime_checkable
class Plugin(Protocol):
    """What ``App(plugins=[...])`` takes: any object with a name and a ``setup``.

        class Stopwatch:
            name = "stopwatch"
            needs = ("sessions",)          # optional: names of plugins that are set up before this one
            wants = ("limiter",)           # optional: the same, for those that the app may do without

            def setup(self, to: Setup) -> None:
                to.middleware(measure)
                to.get("/times")(show_times)

    ``setup`` is called once for each app that lists the plugin, when the app is frozen. One object may serve many
    apps: what it has to remember of one belongs into that app (``to.app[key] = value``), not into itself.
    """

    @property
    def name(self) -> str: ...

    def setup(self, to: "Setup") -> None:
        """Declares, as on an app."""


class Listed(NamedTuple):
    """A plugin and the line that lists it."""

    plugin: Any
    place: Source

    @property
    def name(self) -> str:
        return str(self.plugin.name)

    def is_known_as(self, neighbour: Any) -> bool:
        """Whether ``neighbour`` is its name, its class, or itself."""
        if isinstance(neighbour, str):
            return neighbour == self.name
        return neighbour is self.plugin or neighbour is type(self.plugin)

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(getattr(self.plugin, "needs", ()))

    @property
    def wants(self) -> tuple[str, ...]:
        return tuple(getattr(self.plugin, "wants", ()))


def unfit(listed: Listed) -> str | None:
    """Why an object cannot be a plugin, or None."""
    plugin, place = listed
    rule = "a plugin is an object with `name: str` and `setup(self, to: Setup)`"
    if isinstance(plugin, type):
        return f"{place}: {plugin.__name__} is a class; list an object of it: plugins=[{plugin.__name__}()]"
    name = getattr(plugin, "name", None)
    if not isinstance(name, str) or not name:
        return f"{place}: {plugin!r:.200} has no name: {rule}"
    if not callable(getattr(plugin, "setup", None)):
        return f"{place}: the plugin {name!r} ({plugin!r:.200}) has no setup: {rule}"
    for relation in ("needs", "wants"):
        names = getattr(plugin, relation, ())
        if isinstance(names, str) or not all(isinstance(one, str) for one in names):
            return f"{place}: `{relation}` of the plugin {name!r} is a tuple of names, like ({names!r},), not {names!r:.200}"
    return None


def ordered(listed: Sequence[Listed], above: Iterable[str], problems: list[str]) -> list[Listed]:
    """The plugins of one app, each after those it needs, otherwise as they were listed.

    ``above``: the names of those that the apps around have. ``problems`` takes what is wrong: two of one name, one
    that is missing, and a circle. What is left without those is returned.
    """
    by_name: dict[str, Listed] = {}
    for one in listed:
        present = by_name.setdefault(one.name, one)
        if present is not one:
            problems.append(
                f"two plugins are named {one.name!r}: {present.plugin!r:.100} at {present.place} and "
                f"{one.plugin!r:.100} at {one.place}. Take one away, or give one another name"
            )
    around = set(above)
    order: list[Listed] = []
    done: set[str] = set()
    # What is being put in place, outermost first: who comes again while it is here needs itself.
    open_: list[str] = []

    def put(one: Listed) -> None:
        if one.name in done:
            return
        if one.name in open_:
            circle = [*open_[open_.index(one.name) :], one.name]
            problems.append(
                f"{one.place}: plugins need each other in a circle: {' -> '.join(circle)}. One of them has to do without"
            )
            return
        open_.append(one.name)
        for need in one.needs:
            if need in by_name:
                put(by_name[need])
            elif need not in around:
                problems.append(_missing(one, need, by_name))
        for want in one.wants:
            if want in by_name:
                put(by_name[want])
        open_.pop()
        done.add(one.name)
        order.append(one)

    for one in by_name.values():
        put(one)
    return order


def _missing(one: Listed, need: str, present: Iterable[str]) -> str:
    listed = ", ".join(present)
    return (
        f"{one.place}: the plugin {one.name!r} needs the plugin {need!r}, but the app has only: {listed}. "
        f"Add it: App(plugins=[..., ]) takes them in any order"
    )

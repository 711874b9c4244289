"""What a plugin is handed: the declarations of the app that lists it."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.core.declaring import Declaring
from segue.core.plugins import Listed, ordered, unfit
from segue.core.records import Recorded
from segue.core.source import Source, in_package

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["Setup", "set_up"]

_HERE = frozenset(
    str(Path(__file__).resolve().with_name(name))
    for name in ("setup.py", "declaring.py", "lifecycle.py", "providing.py")
)


class Setup(Declaring):
    """Declares for a plugin what ``App`` declares for its author: routes, middleware, error handlers, lifespans.

    ``app`` is the app that lists the plugin: its name, its ``defaults``, and ``app[key]`` for what the plugin has to
    remember of it. ``plugin`` is the name of the plugin.
    """

    def __init__(self, app: Any, listed: Listed) -> None:
        super().__init__(app.name, app.declared)
        self.app: App = app
        self.plugin = listed.name
        self._listed_at = listed.place

    def _calling(self) -> tuple[Source, dict[str, Any]]:
        """The line of the plugin that declares; that of ``App(plugins=...)`` for the plugins of Segue itself."""
        frame = sys._getframe(2)  # that of `_declaring`
        while frame.f_back is not None and frame.f_code.co_filename in _HERE:
            frame = frame.f_back
        place = Source(frame.f_code.co_filename, frame.f_lineno)
        names = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
        return (self._listed_at if in_package(frame) else place), names


def set_up(app: Recorded, above: Iterable[Recorded], problems: list[str]) -> None:
    """Lets the plugins of ``app`` declare, once; ``above`` are the apps around it.

    What they declare stands before what the app itself declared: their middleware is around that of the app.
    """
    declared = app.declared
    if declared.set_up:
        return
    declared.set_up = True
    fit: list[Listed] = []
    for listed in declared.plugins:
        wrong = unfit(listed)
        if wrong is None:
            fit.append(listed)
        else:
            problems.append(wrong)
    around = [one.plugin.name for outer in above for one in outer.declared.plugins if unfit(one) is None]
    own_middleware = declared.middleware
    declared.middleware = []
    for listed in ordered(fit, around, problems):
        to = Setup(app, listed)
        try:
            listed.plugin.setup(to)
        except Exception as error:  # noqa: BLE001 -- one of the problems of the app
            problems.append(
                f"{listed.place}: the plugin {listed.name!r} could not be set up: {type(error).__name__}: {error}"
            )
    declared.middleware += own_middleware

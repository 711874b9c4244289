"""What a plugin is handed: the declarations of the app that lists it."""

import sys
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.core.copying import copied
from segue.core.declaring import Declaring
from segue.core.middleware.ordering import in_order
from segue.core.plugins.directives import Directive, Statement, settled
from segue.core.plugins.order import Listed, Plugin, ordered, unfit
from segue.core.ports import Measures
from segue.core.records import ByPlugin, Recorded, included
from segue.core.routing.claims import Level
from segue.core.source import Source, in_package

if TYPE_CHECKING:
    from segue.core.app import App

__all__ = ["Setup", "set_up", "set_up_all"]

# The files whose functions declare for somebody: who called them is looked for.
_CORE = Path(__file__).resolve().parents[1]
_HERE = frozenset(
    str(_CORE / name)
    for name in (
        "plugins/setup.py",
        "recording.py",
        "declaring.py",
        "files/declarations.py",
        "life/declarations.py",
        "pages/declarations.py",
        "providing/declarations.py",
        "routing/declarations.py",
        "settings/declarations.py",
        "styles/declarations.py",
        "texts/declarations.py",
    )
)


class Setup(Declaring):
    """Declares for a plugin what ``App`` declares for its author: routes, middleware, error handlers, lifespans.

    ``app`` is the app that lists the plugin: its name, its ``defaults``, and ``app[key]`` for what the plugin has to
    remember of it. ``plugin`` is the name of the plugin, ``plugins`` those of all that the app lists, ``listed_at`` the line that lists this one.
    """

    def __init__(self, app: Any, listed: Listed, statement: Source | None = None) -> None:
        super().__init__(app.name, app.declared)
        self.app: App = app
        self.plugin: str | None = listed.name
        self.plugins = frozenset(one.name for one in app.declared.plugins if unfit(one) is None)
        #: The line that lists the plugin: files are looked for beside it.
        self.listed_at = listed.place
        self._statement = statement

    def directive(
        self, name: str, function: Callable[..., Any], *, key: Callable[..., Hashable] | None = None
    ) -> None:
        """Lets the app, those that it includes and other plugins say ``app.declare(name, ...)``.

            def menu(to: Setup, label: str, url: str) -> None:
                to.app[MENU].append((label, url))

            to.directive("menu", menu, key=lambda label, url: label)

        ``function`` is called when the app is frozen, with a Setup of the app that declares and with what was
        declared. Two with the same ``key`` are a conflict, as two routes of one path are, unless one overrides the
        other: that of an app overrides those of its plugins and of the apps that it includes.
        """
        place, _ = self._declaring("a directive")
        directive = Directive(name, function, key, self.plugin, place)
        present = self.declared.directives.setdefault(name, directive)
        if present is not directive:
            self.declared.problems.append(
                f"the directive {name!r} is declared at {present.place} and at {place}: one of the plugins needs "
                f"another name for its own"
            )

    def measures(self, name: str, measures: Measures) -> None:
        """Watches what a request takes, for ``segue explain --run``: ``to.measures("SQL", statements_of_a_block)``.

        Nothing is watched, and nothing paid for it, anywhere else.
        """
        self.declared.measures.append((name, measures))

    def bring(self, plugin: Plugin) -> None:
        """Sets up another plugin that belongs to this one, unless the app lists one of its name itself.

        def setup(self, to: Setup) -> None:
            to.bring(CSRF())
        """
        if plugin.name not in self.plugins and plugin.name not in self.app.declared.brought:
            self.app.declared.brought.append(plugin.name)
            plugin.setup(Setup(self.app, Listed(plugin, self.listed_at)))

    def _calling(self) -> tuple[Source, dict[str, Any]]:
        """The line of the plugin that declares; that of ``App(plugins=...)`` for the plugins of Segue itself."""
        frame = sys._getframe(2)  # that of `_declaring`
        while frame.f_back is not None and frame.f_code.co_filename in _HERE:
            frame = frame.f_back
        place = Source(frame.f_code.co_filename, frame.f_lineno)
        names = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
        return self._statement or (self.listed_at if in_package(frame) else place), names


def set_up_all(root: Recorded) -> None:
    """Sets up the plugins of ``root`` and of all apps that it includes, then carries out what their directives say."""
    statements: list[Statement] = []
    _set_up_below(root, (), (), {}, statements)
    for statement, directive in settled(statements, root.declared.problems):
        app, directed = statement.app, statement.directed
        listed = Listed(_Named(directive.plugin or directive.name), directed.place)
        known = len(app.declared.routes)
        try:
            directive.function(Setup(app, listed, directed.place), *directed.arguments, **directed.named)
        except Exception as error:  # noqa: BLE001 -- one of the problems of the app
            root.declared.problems.append(
                f"{directed.place}: {directed.name!r} could not be declared: {type(error).__name__}: {error}"
            )
        app.declared.routes[known:] = [ByPlugin(listed.name, directed.place, app.declared.routes[known:])]


class _Named:
    """Stands for a plugin of which only the name is known."""

    def __init__(self, name: str) -> None:
        self.name = name


def _set_up_below(
    app: Recorded,
    above: tuple[Recorded, ...],
    level: Level,
    known: dict[str, Directive],
    statements: list[Statement],
) -> None:
    first = not app.declared.set_up
    set_up(app, above)
    known = {**known, **app.declared.directives}
    if first:
        own = len(app.declared.directed) - app.declared.directed_by_plugins
        for at, directed in enumerate(app.declared.directed):
            statements.append(Statement(directed, known, app, level if at < own else (*level, "plugins")))
    for record in included(app.declared.routes):
        inner: Recorded = record.app
        if inner is not app and inner not in above:
            _set_up_below(inner, (*above, app), (*level, record), known, statements)


def set_up(app: Recorded, above: Sequence[Recorded]) -> None:
    """Lets the plugins of ``app`` declare, once, and puts its middleware in order; ``above`` are the apps around it.

    Their middleware is around that of the app, if nothing else is said. Where the app and a plugin declare the same,
    the app has its way.
    """
    declared = app.declared
    if declared.set_up:
        return
    declared.pristine = copied(declared)
    declared.set_up = True
    problems = declared.problems
    fit: list[Listed] = []
    for listed in declared.plugins:
        wrong = unfit(listed)
        if wrong is None:
            fit.append(listed)
        else:
            problems.append(wrong)
    names = [one.plugin.name for outer in above for one in outer.declared.plugins if unfit(one) is None]
    directed = len(declared.directed)
    middleware, errors = declared.middleware, declared.errors
    converters, predicates = declared.converters, declared.predicates
    declared.middleware, declared.errors, declared.converters, declared.predicates = [], [], {}, {}
    spans, declared.spans = declared.spans, []
    for listed in ordered(fit, names, problems):
        known = len(declared.routes)
        try:
            listed.plugin.setup(Setup(app, listed))
        except Exception as error:  # noqa: BLE001 -- one of the problems of the app
            problems.append(
                f"{listed.place}: the plugin {listed.name!r} could not be set up: {type(error).__name__}: {error}"
            )
        declared.routes[known:] = [ByPlugin(listed.name, listed.place, declared.routes[known:])]
    # What plugins open is open in the app's own lifespans: App(plugins=[...]) stands above them.
    declared.spans += spans
    declared.directed_by_plugins = len(declared.directed) - directed
    declared.plugin_errors, declared.errors = declared.errors, errors
    declared.converters.update(converters)
    declared.predicates.update(predicates)
    outside = [one for outer in above for one in outer.declared.middleware]
    declared.middleware = in_order(
        [*declared.middleware, *middleware], outside, "middleware", problems, plugins=fit
    )

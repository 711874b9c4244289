"""Configuration per path: tables like ``[path."/static"]`` switch tools on for all below a path, without code."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segue.core.middleware.pipeline import fold
from segue.core.records import Around, Included, MiddlewareLike, Mounted, Next, Recorded, Route
from segue.core.settings.configfiles import ConfigFile, read_file
from segue.core.settings.pathoptions import read_options
from segue.core.settings.pathtools import BUILT_IN_TOOLS, Tool
from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["ConfiguredPaths", "declare_paths"]

#: What makes routes instead of a middleware.
_FOLDERS = ("static", "frontend")
#: What makes another app a part of this one.
_INCLUDE = "include"
#: What changes the routes themselves.
_OPTIONS = "options"


class _Entry(NamedTuple):
    prefix: str
    tools: Mapping[str, Any]
    places: Mapping[str, Source]


class ConfiguredPaths:
    """Middleware: the tools that ``segue.toml`` switches on for the path of a request.

    A tool of a longer path stands instead of that of a shorter one; ``false`` switches it off there.
    """

    def __init__(self, entries: list[_Entry], tools: Mapping[str, Tool], problems: list[str]) -> None:
        self._prefixes = [entry.prefix for entry in entries]
        self._order = list(tools)
        self._made: list[dict[str, MiddlewareLike | None]] = []
        for entry in entries:
            made: dict[str, MiddlewareLike | None] = {}
            for name, value in entry.tools.items():
                try:
                    made[name] = None if value is False else tools[name](value)
                except Exception as error:  # noqa: BLE001 -- whatever is wrong with the value is told
                    problems.append(
                        f"{entry.places[name]}: {name} of [path.{entry.prefix or '/'!r}] cannot be {value!r:.80}: {error}"
                    )
            self._made.append(made)
        # By the entries that hold for a path: what is put around the app there.
        self._calls: dict[tuple[int, ...], Next] = {}

    async def __call__(self, request: Request, next: Next) -> Response:
        path = request.path
        held = tuple(
            [
                number
                for number, prefix in enumerate(self._prefixes)
                if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/")
            ]
        )
        if not held:
            return await next(request)
        call = self._calls.get(held)
        if call is None:
            call = self._calls[held] = self._around(held, next)
        return await call(request)

    def _around(self, held: tuple[int, ...], call: Next) -> Next:
        merged: dict[str, MiddlewareLike | None] = {}
        for number in held:
            merged.update(self._made[number])
        stack = [found for name in self._order if (found := merged.get(name)) is not None]
        return fold(stack, call)


def declare_paths(app: Recorded, folder: Path, problems: list[str]) -> None:
    """Declares for ``app`` what the tables ``[path."..."]`` of ``segue.toml`` in ``folder`` say.

    ``problems`` takes what is wrong with them.
    """
    file = read_file(folder / "segue.toml")
    debug = file.values.get("debug")
    profile = file.values.get(_profile(app) or "", {})
    if isinstance(profile, Mapping):
        debug = profile.get("debug", debug)
    if isinstance(debug, bool):
        app.debug = debug
    tools: dict[str, Tool] = {
        **BUILT_IN_TOOLS,
        **{name: tool for name, (tool, _) in app.declared.life.tools.items()},
    }
    tables: dict[str, dict[str, tuple[Any, Source]]] = {}
    for source, start in ((file.values, ()), (profile, (_profile(app) or "",))):
        _gather(source.get("path", {}) if isinstance(source, Mapping) else {}, start, file, tables)
    entries: list[_Entry] = []
    for prefix, given in sorted(tables.items(), key=lambda one: len(one[0])):
        if not prefix.startswith("/"):
            problems.append(f"{file.path.name}: the path [path.{prefix!r}] has to begin with a slash")
            continue
        for name in _FOLDERS:
            if name in given:
                _serve(app, prefix, name, folder / str(given[name][0]), given[name][1], problems)
        if _OPTIONS in given:
            options = read_options(prefix, *given[_OPTIONS], problems)
            if options is not None:
                app.declared.life.path_options.append(options)
        if _INCLUDE in given:
            _include(app, prefix, *given[_INCLUDE], folder, problems)
        rest = {name: one for name, one in given.items() if name not in (*_FOLDERS, _OPTIONS, _INCLUDE)}
        for name in [name for name in rest if name not in tools]:
            _, place = rest.pop(name)
            known = [*_FOLDERS, _OPTIONS, _INCLUDE, *tools]
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known))}"
            problems.append(f"{place}: {name!r} of [path.{prefix!r}] is no tool; {hint}")
        if rest:
            entries.append(
                _Entry(
                    prefix.rstrip("/"),
                    {name: value for name, (value, _) in rest.items()},
                    {name: place for name, (_, place) in rest.items()},
                )
            )
    if entries:
        around = ConfiguredPaths(entries, tools, problems)
        app.declared.middleware.insert(0, Around(around, Source(str(file.path), 1)))


def _gather(
    tables: Any, start: tuple[str, ...], file: ConfigFile, into: dict[str, dict[str, tuple[Any, Source]]]
) -> None:
    for prefix, given in tables.items() if isinstance(tables, Mapping) else ():
        for name, value in given.items() if isinstance(given, Mapping) else ():
            place = Source(str(file.path), file.line((*start, "path", prefix.lower(), name.lower())))
            into.setdefault(prefix, {})[name] = (value, place)


def _serve(app: Recorded, prefix: str, how: str, folder: Path, place: Source, problems: list[str]) -> None:
    """Declares the routes of a folder of files."""
    from segue.core.files.frontend import Frontend
    from segue.core.files.static import StaticFiles

    below = prefix.rstrip("/")
    try:
        files = StaticFiles(folder) if how == "static" else Frontend(folder)
    except (OSError, ValueError) as error:
        problems.append(f"{place}: {how} of [path.{prefix!r}]: {error}")
        return
    methods = ("GET",) if how == "static" else ()
    app.declared.routes += [
        Route(methods, f"{below}/", files.root_page, {"name": how}, place, {}),
        Route(methods, f"{below}/{{path:path}}", files.below, {"name": how}, place, {}),
    ]


def _include(app: Recorded, prefix: str, name: Any, place: Source, folder: Path, problems: list[str]) -> None:
    """Includes an app of Segue's, or mounts another, named as ``module:attribute``."""
    import importlib
    import sys

    where = f"{place}: include of [path.{prefix!r}]"
    module, colon, attribute = name.partition(":") if isinstance(name, str) else ("", "", "")
    if not colon:
        problems.append(f"{where} is named as module:attribute, not {name!r:.80}")
        return
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        found: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        problems.append(f"{where}: {name} is not there: {error}")
        return
    if hasattr(found, "declared"):
        app.declared.routes.append(Included(found, prefix, None, (), {}, place))
    else:
        app.declared.routes.append(Mounted(prefix, found, None, place))


def _profile(app: Recorded) -> str | None:
    import os

    sources = app.declared.life.sources
    return os.environ.get("SEGUE_ENV") or (None if sources is None else sources.profile)

"""Folders: the names of files and functions are the paths."""

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, TypeAlias

from segue.core.binding.calling import Calling
from segue.core.binding.markers import Marker
from segue.core.binding.parameters import HandlerError, Served, says_where_from
from segue.core.options import layered
from segue.core.records import Compiles, Record, Route, SocketRoute
from segue.core.settings.projectfolder import in_project
from segue.core.source import Source
from segue.core.styles.exposing import Exposed, exposed_function
from segue.core.styles.resources import options_of, socket_options
from segue.http.websocket import WebSocket

__all__ = ["Args", "Extension", "Folder"]

Args: TypeAlias = Annotated[list[str], Marker("args")]
"""In a function of a folder: the parts of the path behind its name. ``/default/f/x/y`` gives ``["x", "y"]``."""

Extension: TypeAlias = Annotated[str, Marker("extension")]
"""In a function of a folder: what stands behind its name and a dot, ``json`` in ``/default/f.json``; else ``html``."""

_DEFAULT = "default"
_INDEX = "index"
_ARGS = "args"
# PERF(folder): one part of a path is found by the look-up that other routes with one parameter have; one that takes
# slashes is searched for (2 us).
_ARG = "arg"


class Folder(Compiles):
    """``app.folder(directory, at=...)``."""

    def __init__(
        self,
        directory: str | os.PathLike[str],
        at: str,
        options: Mapping[str, Any],
        place: Source,
        names: Mapping[str, Any],
    ) -> None:
        self.directory = in_project(directory)
        self.at = at.rstrip("/")
        self.options = dict(options)
        self.prefix: str = self.options.pop("name", "")
        self.place = place
        self.names = names
        self._modules: list[tuple[tuple[str, ...], ModuleType]] | None = None

    def records(self) -> Iterator[Record]:
        """The routes of all functions. Raises HandlerError when there is none, and what a file raises that is loaded."""
        if self._modules is None:
            self._modules = list(self._load())
        found = [
            route
            for parts, module in self._modules
            for name, function in vars(module).items()
            if self._is_public(module, name, function)
            for route in self._routes(parts, function)
        ]
        if not found:
            raise HandlerError(
                f"{self.place}: no function in {self.directory} answers: there has to be a file like default.py with "
                f"functions like `def index(request: Request)`"
            )
        yield from found

    def _load(self) -> Iterator[tuple[tuple[str, ...], ModuleType]]:
        """Every file as a module, with the parts of its path."""
        for file in sorted(self.directory.rglob("*.py")):
            parts = file.relative_to(self.directory).with_suffix("").parts
            if any(part.startswith(("_", ".")) for part in parts):
                continue
            yield parts, _module(f"{self.directory.name}.{'.'.join(parts)}", file)

    def _is_public(self, module: ModuleType, name: str, function: Any) -> bool:
        """Whether it answers: a function of the file, no plain argument, no underscore."""
        from segue.core.app import App

        return (
            inspect.isfunction(function)
            and function.__module__ == module.__name__
            and not name.startswith("_")
            and says_where_from(function, self.place, self.offers, Served(App))
        )

    def _routes(self, parts: tuple[str, ...], function: Callable[..., Any]) -> Iterator[Route | SocketRoute]:
        name = function.__name__
        said = exposed_function(function) or Exposed()
        takes = inspect.signature(function, eval_str=False).parameters
        hints = inspect.get_annotations(inspect.unwrap(function), eval_str=True)
        marks = {_mark(hints.get(one)) for one in takes}
        own_options = layered(said.options, options_of(function))
        given: Any = {
            "slashes": "ignore",
            **layered(self.options, own_options),
            "name": ".".join([*([self.prefix] if self.prefix else []), *parts, name]),
        }
        own = "/".join([self.at, *parts])
        names = (name, *said.aliases)
        paths = [f"{own}/{one}" for one in names]
        if _INDEX in names:
            paths.append(f"{own}/")
            if parts[-1] == _DEFAULT:
                paths.append("/".join([self.at, *parts[:-1], ""]))
        calling = Calling(rest=_ARGS)
        for path in paths:
            if any(isinstance(hint, type) and issubclass(hint, WebSocket) for hint in hints.values()):
                yield SocketRoute(
                    path, function, socket_options(given), self.place, self.names, Calling(rest=_ARGS)
                )
                continue
            if path == f"{own}/" and _ARGS in marks:
                # What no function of the file is called is an argument of its index.
                yield from self._with_args(path, said, function, given)
            suffixes = [""]
            if not path.endswith("/") and not given.get("formats"):
                suffixes.append(".{extension}" if "extension" in marks else ".json")
            for suffix in suffixes:
                yield Route(said.methods, path + suffix, function, given, self.place, self.names, calling)
                if _ARGS in marks and not path.endswith("/"):
                    yield from self._with_args(f"{path}{suffix}/", said, function, given)

    def _with_args(
        self, path: str, said: Exposed, function: Callable[..., Any], given: Any
    ) -> Iterator[Route]:
        for name, kind in ((_ARG, ""), (_ARGS, ":path")):
            calling = Calling(rest=name)
            yield Route(
                said.methods, f"{path}{{{name}{kind}}}", function, given, self.place, self.names, calling
            )


def _mark(hint: Any) -> str | None:
    return next((one.origin for one in getattr(hint, "__metadata__", ()) if isinstance(one, Marker)), None)


def _module(name: str, file: Path) -> ModuleType:
    """The file as a module. Two folders may have the same name: then the later one gets a number."""
    free, number = name, 1
    while free in sys.modules:
        number += 1
        free = f"{name}_{number}"
    spec = importlib.util.spec_from_file_location(free, file)
    if spec is None or spec.loader is None:
        raise HandlerError(f"{file} cannot be loaded as a module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[free] = module  # Structs and dataclasses look up their annotations there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[free]
        raise
    return module

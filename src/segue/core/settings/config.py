"""Configuration by name: values in layers, each with its source; overlays that see their parent; hooks for changes."""

import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

from segue.core.settings.configfiles import ConfigError, ConfigFile, Name, constants, read_dotenv, read_file
from segue.core.settings.projectfolder import project_folder

__all__ = ["Config", "Given", "project_config", "project_files"]

Hook = Callable[[str, Any], object]


class Given(NamedTuple):
    """A value and where it comes from: ``segue.toml:4``, ``environment SHOP_DB__URL``."""

    value: Any
    source: str


class Config(MutableMapping[str, Any]):
    """Names and values. A dot leads into a namespace: ``config["db.url"]``; ``config["db"]`` is a dict.

        config = Config()
        config.load("settings.ini")
        config.load_environment("SHOP")          # SHOP_DB__URL is db.url
        config["db.url"] = "sqlite://"
        config.source("db.url")                  # "set"

    What is set or loaded later stands above what was there before. Names are compared without regard to case.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, *, parent: "Config | None" = None) -> None:
        self._given: dict[Name, Given] = {}
        self._meta: dict[tuple[Name, str], Any] = {}
        self._hooks: list[tuple[Name, Hook]] = []
        self._parent = parent
        self._overlays: list[weakref.ref[Config]] = []
        if parent is not None:
            parent._overlays.append(weakref.ref(self))
        if values:
            self.update(values)

    def overlay(self) -> "Config":
        """A configuration that sees this one, its later changes too; what is set in it stays in it."""
        return Config(parent=self)

    # --- a mapping -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        found = self.given(name)
        if found is not None:
            return found.value
        tree = self.tree(name)
        if not tree:
            raise KeyError(f"nothing is configured as {name!r}")
        return tree

    def __setitem__(self, name: str, value: Any) -> None:
        self.put(name, value, "set")

    def __delitem__(self, name: str) -> None:
        path = _path(name)
        mine = [one for one in self._given if one[: len(path)] == path]
        if not mine:
            raise KeyError(f"nothing is configured here as {name!r}")
        for one in mine:
            del self._given[one]

    def __iter__(self) -> Iterator[str]:
        return (".".join(path) for path in self._all())

    def __len__(self) -> int:
        return len(self._all())

    def put(self, name: str | Name, value: Any, source: str) -> None:
        """Sets a value, or all of a dict, and says where it comes from. Hooks are called for what changes."""
        path = _path(name)
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                self.put((*path, *_path(str(key))), inner, source)
            return
        before = self._all().get(path)
        # A value where a namespace was, or the other way round, takes its place.
        for one in [
            one
            for one in self._given
            if one != path and (one[: len(path)] == path or path[: len(one)] == one)
        ]:
            del self._given[one]
        self._given[path] = Given(value, source)
        if before is None or before.value != value:
            self._tell(path, value)

    def _all(self) -> dict[Name, Given]:
        return {**({} if self._parent is None else self._parent._all()), **self._given}

    def given(self, name: str | Name) -> Given | None:
        """A value with its source; None when there is none."""
        path = _path(name)
        found = self._given.get(path)
        return self._parent.given(path) if found is None and self._parent is not None else found

    def source(self, name: str) -> str | None:
        """Where a value comes from; None when there is none."""
        found = self.given(name)
        return None if found is None else found.source

    def tree(self, name: str | Name = ()) -> dict[str, Any]:
        """All below a name, nested."""
        start = _path(name)
        tree: dict[str, Any] = {}
        for path, given in self._all().items():
            if len(path) > len(start) and path[: len(start)] == start:
                inner = tree
                for part in path[len(start) : -1]:
                    inner = inner.setdefault(part, {})
                inner[path[-1]] = given.value
        return tree

    # --- changes and meta data -----------------------------------------------------------------------------------

    def watch(self, hook: Hook, name: str = "") -> Hook:
        """Calls ``hook(name, value)`` when a value below ``name`` changes, here or, if not hidden, in a parent."""
        self._hooks.append((_path(name), hook))
        return hook

    def _tell(self, path: Name, value: Any) -> None:
        for start, hook in self._hooks:
            if path[: len(start)] == start:
                hook(".".join(path), value)
        self._overlays = [one for one in self._overlays if one() is not None]
        for reference in self._overlays:
            overlay = reference()
            if overlay is not None and path not in overlay._given:
                overlay._tell(path, value)

    def set_meta(self, name: str, key: str, value: Any) -> None:
        """Remembers something about a name: a help text, who may change it."""
        self._meta[_path(name), key] = value

    def meta(self, name: str, key: str, default: Any = None) -> Any:
        """What :meth:`set_meta` was given, here or in a parent."""
        found = self._meta.get((_path(name), key))
        if found is None and self._parent is not None:
            return self._parent.meta(name, key, default)
        return default if found is None else found

    # --- where values come from ----------------------------------------------------------------------------------

    def load(self, path: str | os.PathLike[str]) -> None:
        """Loads a file: .toml, .json, .yaml, .yml, .py (names in capitals), anything else as INI. Raises ConfigError."""
        self.load_file(read_file(Path(path)))

    def load_file(self, file: ConfigFile, start: Name = ()) -> None:
        """Loads what a file says below ``start``."""
        values: Any = file.values
        for part in start:
            values = values.get(part, {})
        for path, value in _flat(values):
            self.put(path, value, file.place((*start, *path)))

    def load_module(self, name: str) -> None:
        """Loads the names in capitals of a module: ``load_module("shop.production")``."""
        import importlib

        for key, value in constants(importlib.import_module(name)).items():
            self.put(key, value, f"module {name}")

    def load_environment(self, prefix: str, environment: Mapping[str, str] | None = None) -> None:
        """Loads the variables that begin with ``prefix_``: ``SHOP_DB__URL`` is ``db.url``."""
        start = prefix.upper() + "_" if prefix else ""
        for name, value in (os.environ if environment is None else environment).items():
            if name.upper().startswith(start):
                path = tuple(name[len(start) :].lower().split("__"))
                if all(path):
                    self.put(path, value, f"environment {name}")

    def load_dotenv(self, path: str | os.PathLike[str], prefix: str = "") -> None:
        """Loads a ``.env`` file as :meth:`load_environment` does the environment."""
        for name, (value, line) in read_dotenv(Path(path)).items():
            if name.upper().startswith(prefix.upper()):
                rest = name[len(prefix) :].lstrip("_") if prefix else name
                self.put(tuple(rest.lower().split("__")), value, f"{Path(path).name}:{line}")

    def load_arguments(self, arguments: Iterable[str]) -> list[str]:
        """Loads ``--db.url=sqlite://`` and ``--debug`` (true), and below them the files of ``--config=FILE``.

        Returns what is no such argument.
        """
        rest: list[str] = []
        files_first = sorted(arguments, key=lambda one: not one.startswith("--config="))
        for argument in files_first:
            name, equals, value = argument.partition("=")
            if not name.startswith("--") or name == "--":
                rest.append(argument)
            elif name == "--config" and equals:
                self.load(value)
            else:
                self.put(_path(name[2:].replace("-", "_")), value if equals else "true", f"argument {name}")
        return rest

    def __repr__(self) -> str:
        return f"<Config of {len(self)} values>"


def _path(name: str | Name) -> Name:
    if isinstance(name, tuple):
        return name
    return tuple(name.lower().split(".")) if name else ()


def _flat(values: Mapping[str, Any], start: Name = ()) -> Iterator[tuple[Name, Any]]:
    for key, value in values.items():
        path = (*start, str(key).lower())
        if isinstance(value, Mapping) and value:
            yield from _flat(value, path)
        else:
            yield path, value


def project_files(folder: Path) -> tuple[Path, ...]:
    """The files that have the settings of an app, the weaker first."""
    own = project_folder()
    files = folder / "segue.toml", folder / "instance" / "segue.toml"
    # Of a bundle: what it brings, and above that what its installation says.
    return files if own is None or own == folder else (own / "segue.toml", *files)


def project_config(folder: Path, environment: str | None) -> Config:
    """What ``segue.toml`` in ``folder`` says, with its table for ``environment`` and ``instance/segue.toml`` above it."""
    config = Config()
    for path in project_files(folder):
        if not path.is_file():
            continue
        file = read_file(path)
        # The tables of paths are no settings.
        file = file._replace(values={name: value for name, value in file.values.items() if name != "path"})
        config.load_file(file)
        if environment is not None:
            profile = file.values.get(environment, {})
            if not isinstance(profile, Mapping):
                raise ConfigError(
                    f"{path.name}: [{environment}] has to be a table: SEGUE_ENV is {environment!r}"
                )
            config.load_file(file, (environment,))
    return config

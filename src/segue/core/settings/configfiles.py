"""Files with configuration: TOML, INI, Python modules and .env, as nested dicts that know their lines."""

import configparser
import importlib.util
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

__all__ = ["ARGUMENTS", "ConfigError", "ConfigFile", "constants", "read_dotenv", "read_file"]

Name = tuple[str, ...]

#: How the command line hands settings on to the processes that it starts: lines of ``name=value``.
ARGUMENTS = "SEGUE_SET"

_HEADER = re.compile(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(?:#.*)?\Z")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*[=:]""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_DOTENV = re.compile(
    r"""(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^#]*?))\s*(?:\s#.*)?\Z"""
)


class ConfigError(Exception):
    """Configuration that cannot be used; the message says which, where, and how it has to be."""


class ConfigFile(NamedTuple):
    """What a file says: ``values``, nested; ``lines`` has the number of the line of a name, where it is known."""

    path: Path
    values: Mapping[str, Any]
    lines: Mapping[Name, int]

    def line(self, name: Name) -> int:
        """The line of a name, or of the table that it is in; 0 where none is known."""
        while name and name not in self.lines:
            name = name[:-1]
        return self.lines.get(name, 0)

    def place(self, name: Name) -> str:
        """``segue.toml:4``."""
        line = self.line(name)
        return f"{self.path.name}:{line}" if line else self.path.name


def read_file(path: Path) -> ConfigFile:
    """What a file says, by its ending: .toml, .json, .yaml, .yml, .py; anything else is INI. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    if path.suffix == ".py":
        return ConfigFile(path, constants(_imported(path)), {})
    try:
        if path.suffix == ".toml":
            values: Any = tomllib.loads(text)
        elif path.suffix == ".json":
            values = json.loads(text)
        elif path.suffix in (".yaml", ".yml"):
            values = _yaml(text)
        else:
            values = _ini(text)
    except (ValueError, configparser.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} has to be a table of names and values")
    has_lines = path.suffix not in (".json", ".yaml", ".yml")
    return ConfigFile(path, values, dict(_lines(text)) if has_lines else {})


def constants(module: ModuleType) -> dict[str, Any]:
    """What a module says in capitals: ``DEBUG = True`` is ``debug``."""
    return {
        name.lower(): value
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_")
    }


def read_dotenv(path: Path) -> dict[str, tuple[str, int]]:
    """The variables of a ``.env`` file, each with its line: ``NAME=value``, quoted or not, ``export`` or not.

    Nothing in it is expanded. Raises ConfigError for a line that is none of this.
    """
    found: dict[str, tuple[str, int]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _DOTENV.match(line.strip())
        if match is None:
            raise ConfigError(f"{path.name}:{number}: a line of it is NAME=value, a # comment, or empty")
        name, single, double, plain = match.groups()
        if double is not None:
            plain = re.sub(r"\\(.)", lambda one: {"n": "\n", "t": "\t"}.get(one[1], one[1]), double)
        found[name] = (single if single is not None else plain, number)
    return found


def _yaml(text: str) -> Any:
    """Plain values: no tags of Python. An empty file says nothing."""
    import msgspec
    import msgspec.yaml

    try:
        found = msgspec.yaml.decode(text)
    except ImportError:
        raise ConfigError("files of YAML need PyYAML: pip install 'segue[yaml]'") from None
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    return {} if found is None else found


def _ini(text: str) -> dict[str, Any]:
    parser = configparser.ConfigParser(interpolation=None)
    # Names before the first section are those of no section.
    parser.read_string(f"[__top__]\n{text}")
    values: dict[str, Any] = dict(parser["__top__"])
    for section in parser.sections():
        if section != "__top__":
            inner = values
            for part in section.split("."):
                inner = inner.setdefault(part, {})
            inner.update(parser[section])
    return values


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"segue_config_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _lines(text: str) -> Iterator[tuple[Name, int]]:
    table: Name = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1])), number


def _parts(dotted: str) -> Name:
    return tuple(part.strip("\"'").lower() for part in _PART.findall(dotted))

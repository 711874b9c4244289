"""Typed settings: a Struct, filled from files, the environment and the command line; all that is wrong is told at once."""

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from segue.core.binding.kinds import is_union
from segue.core.settings.config import Config, Given, project_config, project_files
from segue.core.settings.configfiles import ARGUMENTS, ConfigError, Name, read_dotenv, read_file
from segue.core.settings.secret import Secret

__all__ = ["Setting", "Settings", "SettingsError", "Sources", "section_of"]

T = TypeVar("T")

_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")


class SettingsError(ConfigError):
    """Settings that cannot be used: ``problems`` has all that is wrong, each with its source."""

    def __init__(self, kind: type, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"the settings {kind.__name__} cannot be used:\n" + "\n".join(f"- {one}" for one in problems)
        )


class Setting(NamedTuple):
    """One value of a section, as ``segue config`` shows it; ``shown`` has no secret in it."""

    name: str
    shown: str
    source: str


class Settings(NamedTuple):
    """A Struct of settings that an app has declared."""

    kind: type
    section: str
    value: Any
    settings: tuple[Setting, ...]


class Sources:
    """Where the settings of an app come from, the weakest first: ``segue.toml`` in ``folder`` with the table of
    ``SEGUE_ENV``, ``instance/segue.toml``, ``.env``, the environment, ``--set``.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._environment = dict(os.environ if environment is None else environment)
        self._dotenv: dict[str, tuple[str, int]] = {}
        if (folder / ".env").is_file():
            self._dotenv = read_dotenv(folder / ".env")
        self.profile = self._environment.get("SEGUE_ENV") or self._dotenv.get("SEGUE_ENV", ("", 0))[0] or None
        self.config = project_config(folder, self.profile)
        self._arguments = dict(_arguments(self._environment.get(ARGUMENTS, "").splitlines(), "--set"))

    def with_arguments(self, arguments: Sequence[str]) -> "Sources":
        """The same, with ``--name=value`` above all else, and ``--config=FILE`` above the files."""
        given = Config()
        rest = given.load_arguments(arguments)
        if rest:
            raise ConfigError(f"arguments are --name=value, not {rest[0]!r}")
        other = Sources(self.folder, self._environment)
        other.config = self.config.overlay()
        for name in given:
            if (found := given.given(name)) is not None:
                path = tuple(name.split("."))
                if found.source.startswith("argument"):
                    other._arguments[path] = found
                else:
                    other.config.put(path, found.value, found.source)
        return other

    def given(self, path: Name) -> Given | None:
        """The value of a name, with its source, if it has one anywhere."""
        if _real(path) in self._arguments:
            return self._arguments[_real(path)]
        variable = "__".join(path[1:]) if not path[0] else f"{path[0]}_{'__'.join(path[1:])}"
        variable = variable.replace(".", "_").upper()
        if variable in self._environment:
            return Given(self._environment[variable], f"environment {variable}")
        if variable in self._dotenv:
            value, line = self._dotenv[variable]
            return Given(value, f".env:{line}")
        found = self.config.given(_real(path))
        if found is not None:
            return found
        tree = self.config.tree(_real(path))
        return Given(tree, self._source_of_tree(path)) if tree else None

    def _source_of_tree(self, path: Name) -> str:
        sources = [
            self.config.source(name) or ""
            for name in self.config
            if name.startswith(".".join(_real(path)) + ".")
        ]
        return ", ".join(dict.fromkeys(sources))

    def names(self, section: Name) -> Iterator[tuple[Name, str]]:
        """All names below a section in the files and on the command line, which are nobody else's, with their sources."""
        for name in self.config:
            path = tuple(name.split("."))
            if path[: len(section)] == section and len(path) > len(section):
                yield path[len(section) :], self.config.source(name) or ""
        for path, given in self._arguments.items():
            # At the top, --set is for others too; a program's own arguments are for this section alone.
            if path[: len(section)] == section and (section or given.source.startswith("argument")):
                yield path[len(section) :], given.source

    def misspelt(self, sections: Sequence[str]) -> Iterator[str]:
        """Tables of ``segue.toml`` that nobody reads, but that are nearly called as one that is read."""
        for path in self._files():
            file = read_file(path)
            for table, value in file.values.items():
                near = difflib.get_close_matches(table.lower(), sections, 1, 0.7)
                if near and isinstance(value, Mapping) and table.lower() not in (*sections, self.profile):
                    yield f"{file.place((table.lower(),))}: [{table}] is read by nobody; did you mean [{near[0]}]?"

    def _files(self) -> list[Path]:
        return [path for path in project_files(self.folder) if path.is_file()]

    def read(self, kind: type[T], section: str) -> tuple[T, tuple[Setting, ...]]:
        """An object of ``kind``, and where each of its values comes from. Raises SettingsError with all that is wrong."""
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            raise TypeError(f"settings are a Struct: class Shop(Struct), not {kind!r:.80}")
        reading = _Reading(self)
        value = reading.struct(kind, (section,), ())
        reading.unknown(kind, section)
        if reading.problems:
            raise SettingsError(kind, reading.problems)
        return value, tuple(reading.settings)


class _Reading:
    """One pass over the fields of a Struct."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.problems: list[str] = []
        self.settings: list[Setting] = []
        self._known: list[Name] = []

    def struct(self, kind: Any, start: Name, default: Any) -> Any:
        values: dict[str, Any] = {}
        failed = len(self.problems)
        for field in msgspec.structs.fields(kind):
            path = (*start, field.encode_name.lower())
            has_default = (
                field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT
            )
            inner = _struct_in(field.type)
            if inner is not None:
                if has_default and not self._any(inner, path):
                    own = getattr(default, field.name) if isinstance(default, kind) else _default(field)
                    self._note_default(path, own)
                    self._known.append(path)
                    continue
                preset = _default(field) if has_default else None
                values[field.name] = self.struct(inner, path, preset)
                continue
            self._known.append(path)
            given = self.sources.given(path)
            if given is None:
                if isinstance(default, kind):
                    values[field.name] = getattr(default, field.name)
                    self._note_default(path, values[field.name])
                elif has_default:
                    self._note_default(path, _default(field))
                else:
                    self.problems.append(self._missing(path, field.type))
                continue
            try:
                values[field.name] = converted(given.value, field.type)
            except (msgspec.ValidationError, ValueError) as error:
                shown = "***" if _is_secret(field.type) else f"{given.value!r:.80}"
                said = "the value does not fit" if _is_secret(field.type) else str(error)
                self.problems.append(f"{_dotted(path)} is {shown} ({given.source}): {said}")
            else:
                self.settings.append(
                    Setting(_dotted(path), shown_as(values[field.name], field.type), given.source)
                )
        if len(self.problems) > failed:
            return None
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:  # from the Struct's own __post_init__
            self.problems.append(f"{_dotted(start) or kind.__name__}: {error}")
            return None

    def unknown(self, kind: type, section: str) -> None:
        """Names that the Struct does not know are typing errors."""
        known = {path[1:]: path for path in self._known}
        for path, source in self.sources.names((section,) if section else ()):
            if any(path[: len(one)] == one or one[: len(path)] == path for one in known):
                continue
            if not section and source.split(":")[0] in ("segue.toml", ".env"):
                continue  # at the top, others have their tables
            names = [".".join(one) for one in known]
            near = difflib.get_close_matches(".".join(path), names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            self.problems.append(
                f"{_dotted((section, *path))} ({source}) is no setting of {kind.__name__}; {hint}"
            )

    def _any(self, kind: Any, start: Name) -> bool:
        """Whether anything is said about one of the fields below."""
        for field in msgspec.structs.fields(kind):
            path = (*start, field.encode_name.lower())
            inner = _struct_in(field.type)
            if (self._any(inner, path)) if inner is not None else self.sources.given(path) is not None:
                return True
        return False

    def _note_default(self, path: Name, value: Any) -> None:
        if isinstance(value, msgspec.Struct):
            for field in msgspec.structs.fields(value):
                self._note_default((*path, field.encode_name.lower()), getattr(value, field.name))
            return
        self.settings.append(Setting(_dotted(path), shown_as(value, None), "default"))

    def _missing(self, path: Name, wanted: Any) -> str:
        variable = "__".join(path[1:]).upper()
        variable = f"{path[0].upper()}_{variable}" if path[0] else variable
        table = f"[{path[0]}] " if path[0] else ""
        return (
            f"{_dotted(path)} is missing: write {'.'.join(path[1:])} = ... below {table}in {self.sources.folder / 'segue.toml'}, "
            f"or set {variable} ({getattr(wanted, '__name__', wanted)})"
        )


def converted(value: Any, wanted: Any) -> Any:
    """A value of a file or of the environment as a type. Raises msgspec.ValidationError or ValueError."""
    if isinstance(value, str) and not _takes_text(wanted):
        value = _from_text(value, wanted)
    return msgspec.convert(value, wanted, strict=False, dec_hook=_decode)


def _from_text(text: str, wanted: Any) -> Any:
    """Of a text in the environment, a list (a, b or JSON) or a table (JSON), where one is wanted; else the text."""
    text = text.strip()
    origins = {get_origin(one) or one for one in (get_args(wanted) if is_union(wanted) else (wanted,))}
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if origins & {list, tuple, set, frozenset, Sequence}:
        return [part.strip() for part in text.split(",") if part.strip()]
    if bool in origins and text.lower() in ("yes", "on", "no", "off"):
        return text.lower() in ("yes", "on")
    return text


def _takes_text(wanted: Any) -> bool:
    return wanted is str or (is_union(wanted) and str in get_args(wanted))


def _decode(kind: Any, value: Any) -> Any:
    origin = get_origin(kind) or kind
    if origin is Secret:
        inner = get_args(kind)[0] if get_args(kind) else str
        return Secret(converted(value, inner))
    if isinstance(origin, type) and issubclass(origin, Path):
        return origin(value)
    raise ValueError(
        f"there is no rule that makes {getattr(kind, '__name__', kind)} of {type(value).__name__}"
    )


def shown_as(value: Any, wanted: Any) -> str:
    """A value for people to see, without secrets and passwords of URLs."""
    if isinstance(value, Secret) or _is_secret(wanted):
        return "***"
    text = str(value) if isinstance(value, str | Path) else repr(value)
    return _PASSWORD.sub(r"\1:***@", text)


def _is_secret(wanted: Any) -> bool:
    return any((get_origin(one) or one) is Secret for one in (wanted, *get_args(wanted)))


def _struct_in(wanted: Any) -> type[msgspec.Struct] | None:
    """The Struct that an annotation means, alone or beside None."""
    for one in get_args(wanted) if is_union(wanted) else (wanted,):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def _real(path: Name) -> Name:
    return path if path[0] else path[1:]


def _dotted(path: Name) -> str:
    return ".".join(part for part in path if part)


def _arguments(lines: Sequence[str], source: str) -> Iterator[tuple[Name, Given]]:
    for line in lines:
        name, _, value = line.partition("=")
        yield tuple(name.strip().lower().split(".")), Given(value, f"{source} {name.strip()}")


def section_of(kind: type) -> str:
    """The section of a Struct that has none of its own: ``ShopSettings`` is ``shop``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    return re.sub(r"_?(settings|config)\Z", "", name) or name

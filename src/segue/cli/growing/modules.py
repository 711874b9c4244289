"""Writes the modules of the package, and the file in front of it."""

from collections.abc import Collection
from dataclasses import dataclass, field

import libcst as cst

from segue.cli.growing.file import File, Import, Statement
from segue.cli.growing.paths import APP_FILE, Edit, rewritten
from segue.cli.growing.placing import FRONT, Placement

__all__ = ["Grown", "write_modules"]

_WIDTH = 88
_ABOUT = {
    "settings": "What can be set, and what stays the same.",
    "models": "What is kept and exchanged.",
    "application": "The app, and what holds for all of it.",
    "services": "What several handlers do.",
    "pages": "The pages.",
    "api": "The API.",
    "routes": "What is answered, in the order in which it is declared.",
}


@dataclass
class Grown:
    """The texts of all files by their names, that of the front by the name of the file; and the lines that are not what they were.

    ``moves``: files that go elsewhere as they are.
    """

    package: str
    files: dict[str, str]
    edits: list[Edit]
    moves: dict[str, str] = field(default_factory=dict)
    #: How lines end in the file, and so in all of them.
    newline: str = "\n"


def write_modules(
    file: File, placement: Placement, package: str, apps: dict[str, str], moving: dict[str, str]
) -> Grown:
    """The package, and what becomes of the file. ``moving``: folders beside it, and where in the package they go."""
    writer = _Writer(file, placement, package, apps, moving)
    files = {f"{package}/{name}.py": writer.module(name) for name in placement.modules if name != FRONT}
    files[f"{package}/__init__.py"] = writer.init()
    files[file.path.name] = writer.front()
    return Grown(
        package, files, writer.edits, {old: f"{package}/{new}" for old, new in moving.items()}, file.newline
    )


class _Writer:
    def __init__(
        self, file: File, placement: Placement, package: str, apps: dict[str, str], moving: Collection[str]
    ) -> None:
        self.file, self.placement, self.package, self.apps = file, placement, package, apps
        self.moving = moving
        self.edits: list[Edit] = []
        self.dot = "." if file.is_inside else ""
        self.homes = {name: home for one, home in placement.homes.items() for name in one.names.bound}
        self.imported = {name.partition(".")[0] for one in file.imports for name in one.names}
        self.rebound = {name for one in file.statements for name in one.names.rebound if name in self.homes}

    # --- the files ------------------------------------------------------------------------------------------------

    def module(self, name: str) -> str:
        own = self.placement.statements(name)
        body, asks = self._body(own)
        used = {each for one in own for each in one.names.used}
        imports = self._imports(used | ({"Path"} if asks else set()), deeper=True)
        if asks and "Path" not in self.imported:
            imports.insert(0, "from pathlib import Path")
        blocks = [
            f'"""{_ABOUT.get(name, f"The routes of {name}.")}"""',
            self._future(),
            "\n".join(imports),
            "\n".join(self._siblings(name, used, ".")),
            f"#: The file in front of this package.\n{APP_FILE} = str(Path(__file__).parent.parent / {self.file.path.name!r})".replace(
                "'", '"'
            )
            if asks
            else "",
        ]
        return _joined(blocks, body, own)

    def init(self) -> str:
        """Loads the modules in their order: that is the order of the routes."""
        title = self.file.docstring.strip().strip('"').strip("'").splitlines()
        modules = [one for one in self.placement.modules if one != FRONT]
        lines = [
            f'"""{title[0] if title and title[0] else self.package.capitalize()}"""',
            "",
            "# Modules declare when they are loaded: this is the order of the routes.",
            "# isort: off",
            *(f"from . import {one} as {one}" for one in modules),
        ]
        return "\n".join(lines) + "\n"

    def front(self) -> str:
        """What is left of the file: all of its names are still there."""
        own = self.placement.statements(FRONT)
        body = "".join(_code(one) for one in own)
        used = {each for one in own for each in one.names.used}
        names = {
            name for name, home in self.homes.items() if home != FRONT and not _is_dunder(name)
        } - self.rebound
        public = sorted(names | {name for one in own for name in one.names.bound if not _is_dunder(name)})
        siblings = [
            _from_import(
                f"{self.dot}{self.package}.{module}",
                sorted(name for name in names if self.homes[name] == module),
            )
            for module in sorted(self.placement.modules)
            if any(self.homes[name] == module for name in names)
        ]
        says_all = any("__all__" in one.names.bound for one in own)
        live = self._live()
        homes = sorted({self.homes[name] for name in self.rebound} - {FRONT})
        siblings += [f"from {self.dot}{self.package} import {home} as _{home}" for home in homes]
        blocks = [
            (self.file.header + self.file.docstring).rstrip("\n"),
            self._future(),
            "from typing import Any" if live and "Any" not in self.imported else "",
            "\n".join(self._imports(used | ({"Any"} if live else set()), deeper=False)),
            "\n".join(siblings),
            "" if says_all else _listed("__all__", public),
            live,
        ]
        return _joined(blocks, body + self.file.footer, own)

    def _live(self) -> str:
        """The names that get new values while the app runs: they are looked up where they are."""
        lines = [
            f'    if name == "{name}":\n        return _{self.homes[name]}.{name}\n'
            for name in sorted(self.rebound)
            if self.homes[name] != FRONT
        ]
        if not lines:
            return ""
        return (
            "\ndef __getattr__(name: str) -> Any:\n"
            "    # It gets new values while the app runs: an import would be a copy.\n"
            f"{''.join(lines)}"
            "    raise AttributeError(name)"
        )

    # --- their parts ------------------------------------------------------------------------------------------------

    def _body(self, own: list[Statement]) -> tuple[str, bool]:
        text, asks = "", False
        before: Statement | None = None
        for one in own:
            moved = rewritten(one, self.file.path.parent, self.apps, self.moving)
            self.edits += moved.edits
            asks = asks or moved.asks_for_file
            text += _spaced(moved.text, one, before)
            before = one
        return text, asks

    def _future(self) -> str:
        return f"from __future__ import {', '.join(self.file.future)}" if self.file.future else ""

    def _imports(self, used: set[str], *, deeper: bool) -> list[str]:
        lines: list[str] = []
        guarded: list[str] = []
        group = False
        for one in self.file.imports:
            group = group or one.begins_group
            needed = one.needed(used)
            if not needed:
                continue
            text = _import_text(one, needed, deeper=deeper)
            if one.guarded:
                guarded.append(text)
                continue
            if group and lines:
                lines.append("")
            group = False
            lines.append(text)
        if guarded:
            if not any("TYPE_CHECKING" in line for line in lines):
                lines.append("from typing import TYPE_CHECKING")
            lines += ["", "if TYPE_CHECKING:", *("    " + line.replace("\n", "\n    ") for line in guarded)]
        return lines

    def _siblings(self, module: str, used: set[str], dots: str) -> list[str]:
        wanted: dict[str, list[str]] = {}
        for name in sorted(used):
            home = self.homes.get(name)
            if home not in (None, module, FRONT):
                wanted.setdefault(home, []).append(name)
        return [_from_import(dots + home, names) for home, names in sorted(wanted.items())]


def _code(one: Statement) -> str:
    return cst.Module([]).code_for_node(one.node)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _listed(name: str, values: list[str]) -> str:
    line = f"{name} = [" + ", ".join(f'"{one}"' for one in values) + "]"
    if len(line) <= _WIDTH:
        return line
    return f"{name} = [\n" + "".join(f'    "{one}",\n' for one in values) + "]"


def _from_import(module: str, names: list[str], comment: str = "") -> str:
    line = f"from {module} import {', '.join(names)}" + (f"  {comment}" if comment else "")
    if len(line) <= _WIDTH or len(names) == 1:
        return line
    first = f"from {module} import (" + (f"  {comment}" if comment else "")
    return "\n".join([first, *(f"    {name}," for name in names), ")"])


def _import_text(one: Import, needed: dict[str, str], *, deeper: bool) -> str:
    texts = list(needed.values())
    if one.module is None:
        return f"import {', '.join(texts)}" + (f"  {one.comment}" if one.comment else "")
    module = f".{one.module}" if deeper and one.module.startswith(".") else one.module
    if len(needed) == len(one.names) and module == one.module:
        whole = cst.Module([]).code_for_node(one.node)
        return whole + (f"  {one.comment}" if one.comment and "\n" not in whole else "")
    return _from_import(module, texts, one.comment)


def _spaced(text: str, one: Statement, before: Statement | None) -> str:
    """A statement with the empty lines that it had above it, and those that its new neighbour needs."""
    lines = text.splitlines(keepends=True)
    empty = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if before is None:
        return "".join(lines[empty:])
    least = 2 if one.is_definition or before.is_definition else int(before.index + 1 != one.index)
    return "\n" * max(0, least - empty) + text


def _joined(blocks: list[str], body: str, own: list[Statement]) -> str:
    head = "\n\n".join(one for one in blocks if one)
    if not body.strip():
        return head.rstrip("\n") + "\n"
    first = body.strip("\n").splitlines()[:2]
    is_heading = len(first) == 2 and first[0].startswith("#") and not first[1].strip()
    begins = bool(own) and own[0].is_definition and not is_heading
    return head + ("\n\n\n" if begins else "\n\n") + body.strip("\n") + "\n"

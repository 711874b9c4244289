"""Folders that the app finds beside the file that names them: they move with it, where nobody else speaks of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from segue.cli.growing.file import File
from segue.cli.growing.placing import FRONT, Placement

__all__ = ["FOLDERS", "Beside", "folder_of", "folders_that_move"]


class Beside(NamedTuple):
    """How a plugin is told of a folder: as its first argument or by a name, and which it takes when it is told nothing."""

    keyword: str | None
    default: str


FOLDERS = {"Templates": Beside(None, "templates"), "I18n": Beside("folder", "translations")}


def folders_that_move(file: File, placement: Placement) -> dict[str, str]:
    """Folders beside the file, and where in the package they go.

    One that is mentioned anywhere else, in the file or in one beside it, stays.
    """
    beside = [one for one in file.path.resolve().parent.glob("*.py") if one.name != file.path.name]
    others = "\n".join(one.read_text(encoding="utf-8", errors="replace") for one in beside)
    found: dict[str, str] = {}
    for statement, home in placement.homes.items():
        if home == FRONT:
            continue
        for folder, said in _named(statement.node):
            mentions = len(re.findall(rf"""["'/]{re.escape(folder)}["'/]""", file.source))
            is_elsewhere = mentions > int(said) or re.search(rf"\b{re.escape(folder)}\b", others) is not None
            path = file.path.parent / folder
            if path.is_dir() and not path.is_symlink() and folder.isidentifier() and not is_elsewhere:
                found[folder] = folder
    return found


def _named(node: cst.CSTNode) -> Iterator[tuple[str, bool]]:
    """The folders that calls in a statement name, and whether they do: some are known without that."""
    match node:
        case cst.Call(func=cst.Name(value=name), args=args) if name in FOLDERS:
            yield folder_of(FOLDERS[name], list(args))
        case _:
            pass
    for child in node.children:
        yield from _named(child)


def folder_of(kind: Beside, args: list[cst.Arg]) -> tuple[str, bool]:
    """The folder that a call names, and whether it says so; "" for one that is worked out."""
    for number, one in enumerate(args):
        named = one.keyword.value if one.keyword is not None else None
        if named == (kind.keyword or "folder") or (kind.keyword is None and number == 0 and named is None):
            match one.value:
                case cst.SimpleString() as text if isinstance(found := text.evaluated_value, str):
                    return found, True
                case _:
                    pass
            return "", True
    return kind.default, False

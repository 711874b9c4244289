"""What has to be said differently one folder below: paths that begin at the file, and the name of an app that took it from the file."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import libcst as cst

from segue.cli.growing.file import Statement
from segue.cli.growing.folders import FOLDERS, Beside, folder_of

__all__ = ["APP_FILE", "Edit", "Rewritten", "rewritten"]

#: What stands for `__file__` where it is not just asked for its folder.
APP_FILE = "APP_FILE"
#: Functions that look for a relative path beside the file that calls them.
_BESIDE = frozenset([*FOLDERS, "templates", "translations", "override", "Switchboard", "Assets"])


class Edit(NamedTuple):
    """A line that is not what it was."""

    line: int
    before: str
    after: str


class Rewritten(NamedTuple):
    """A statement as it is in its new place."""

    text: str
    edits: list[Edit]
    asks_for_file: bool


def rewritten(one: Statement, folder: Path, apps: dict[str, str], moving: Collection[str]) -> Rewritten:
    """The text of a statement that moves into a folder below ``folder``, with the comments above it.

    ``apps``: the names of the apps by their variables. ``moving``: folders that go with it. All but what it says of itself stays byte for byte.
    """
    change = _Moved(folder, moving, {name: apps[name] for name in one.names.bound if name in apps})
    node = one.node.visit(change)
    module = cst.Module([])
    if not isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement) or not change.changed:
        return Rewritten(module.code_for_node(one.node), [], False)
    before, after = module.code_for_node(one.node), module.code_for_node(node)
    edits = [
        Edit(one.line + number, old.strip(), new.strip())
        for number, (old, new) in enumerate(
            zip(before.splitlines(), after.splitlines(), strict=True), text_above(one)
        )
        if old != new
    ]
    return Rewritten(after, edits, change.asks_for_file)


def text_above(one: Statement) -> int:
    """How many lines are above a statement, as a number below zero: comments and empty lines."""
    return -len(getattr(one.node, "leading_lines", ()))


class _Moved(cst.CSTTransformer):
    def __init__(self, folder: Path, moving: Collection[str], apps: dict[str, str]) -> None:
        super().__init__()
        self.folder = folder
        self.moving = moving
        self.apps = apps
        self.changed = False
        self.asks_for_file = False
        #: `Path(__file__)` and `__file__` whose folder is asked for: that folder is one further up.
        self.known: list[cst.BaseExpression] = []

    # --- __file__ -------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802 -- libcst calls it so
        if node.attr.value in ("parent", "parents") and _is_path_of_file(node.value):
            self.known.append(_file_in(node.value))

    def leave_Attribute(  # noqa: N802 -- libcst calls it so
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        if original_node.attr.value == "parent" and _is_path_of_file(original_node.value):
            self.changed = True
            return cst.Attribute(updated_node, cst.Name("parent"))
        if original_node.attr.value == "parents" and _is_path_of_file(original_node.value):
            self.changed = True
            return cst.Attribute(cst.Attribute(updated_node.value, cst.Name("parent")), cst.Name("parents"))
        return updated_node

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802 -- libcst calls it so
        if original_node.value == "__file__" and not any(original_node is one for one in self.known):
            self.changed = self.asks_for_file = True
            return updated_node.with_changes(value=APP_FILE)
        return updated_node

    # --- folders beside the file, and the name of the app -------------------------------------------------------------

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 -- libcst calls it so
        if _word(node.func) == "dirname" and len(node.args) == 1 and _is_path_of_file(node.args[0].value):
            self.known.append(_file_in(node.args[0].value))

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 -- libcst calls it so
        word = _word(original_node.func)
        if (
            word == "dirname"
            and len(original_node.args) == 1
            and _is_path_of_file(original_node.args[0].value)
        ):
            self.changed = True
            return updated_node.with_changes(args=[cst.Arg(updated_node)])
        if word in _BESIDE:
            args = [self._beside(one) for one in updated_node.args]
            if word in FOLDERS:
                args += self._left_out(FOLDERS[word], args)
            return updated_node.with_changes(args=args)
        return updated_node

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:  # noqa: N802 -- libcst calls it so
        named = [one.target.value for one in original_node.targets if isinstance(one.target, cst.Name)]
        return updated_node.with_changes(value=self._named(named, updated_node.value))

    def leave_AnnAssign(self, original_node: cst.AnnAssign, updated_node: cst.AnnAssign) -> cst.AnnAssign:  # noqa: N802 -- libcst calls it so
        if updated_node.value is None or not isinstance(original_node.target, cst.Name):
            return updated_node
        return updated_node.with_changes(value=self._named([original_node.target.value], updated_node.value))

    def _named(self, names: Collection[str], value: cst.BaseExpression) -> cst.BaseExpression:
        """``App()`` is called like its module: it keeps the name that it had."""
        name = next((self.apps[one] for one in names if one in self.apps), None)
        match value:
            case cst.Call(func=function, args=args) if (
                name is not None and _looks_like_app(function) and not _says_name(args)
            ):
                self.changed = True
                first = cst.Arg(
                    cst.SimpleString(f'"{name}"'),
                    comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
                    if args
                    else cst.MaybeSentinel.DEFAULT,
                )
                return value.with_changes(args=[first, *args])
            case _:
                pass
        return value

    def _beside(self, given: cst.Arg) -> cst.Arg:
        match given.value:
            case cst.SimpleString() as text if isinstance(
                path := text.evaluated_value, str
            ) and self._is_there(path):
                self.changed = True
                return given.with_changes(
                    value=text.with_changes(value=f"{text.prefix}{text.quote}../{text.raw_value}{text.quote}")
                )
            case _:
                pass
        return given

    def _left_out(self, kind: Beside, args: list[cst.Arg]) -> list[cst.Arg]:
        """The folder that a plugin takes when it is told nothing, and that is somewhere else now."""
        folder, is_said = folder_of(kind, args)
        if is_said or not self._is_there(folder):
            return []
        self.changed = True
        if args and isinstance(args[-1].comma, cst.MaybeSentinel):
            args[-1] = args[-1].with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        return [
            cst.Arg(
                cst.SimpleString(f'"../{folder}"'),
                keyword=cst.Name(kind.keyword or "folder"),
                equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
            )
        ]

    def _is_there(self, path: str) -> bool:
        return (
            bool(path)
            and path not in self.moving
            and ":" not in path
            and not path.startswith("/")
            and (self.folder / path).exists()
        )


def _looks_like_app(function: cst.BaseExpression) -> bool:
    return _word(function).endswith("App")


def _says_name(args: Sequence[cst.Arg]) -> bool:
    return any(one.keyword is None or one.keyword.value == "name" or one.star for one in args)


def _word(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _is_path_of_file(node: cst.BaseExpression) -> bool:
    """``__file__``, ``Path(__file__)``, ``Path(__file__).resolve()``, ``os.path.abspath(__file__)``."""
    match node:
        case cst.Name(value="__file__"):
            return True
        case cst.Call(
            func=cst.Name(value="Path") | cst.Attribute(attr=cst.Name(value="Path" | "abspath" | "realpath")),
            args=[cst.Arg(value=inner)],
        ):
            return _is_path_of_file(inner)
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="resolve" | "absolute")), args=[]):
            return _is_path_of_file(inner)
        case _:
            pass
    return False


def _file_in(node: cst.BaseExpression) -> cst.BaseExpression:
    while not isinstance(node, cst.Name):
        match node:
            case cst.Call(args=[cst.Arg(value=inner)]) | cst.Call(func=cst.Attribute(value=inner)):
                node = inner
            case _:
                break
    return node

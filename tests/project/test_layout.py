"""Where things may stand: names of files, their length, and what the package itself may import."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

LIMIT = 400

# Files that are longer for a reason: path under src/segue: reason.
LONG: dict[str, str] = {"__init__.py": "the list of the public names, and where each is"}

# A file with such a name is a heap, not an idea.
HEAPS = {"utils", "util", "helpers", "helper", "common", "contrib", "misc", "tools", "shared", "stuff"}

LAYOUT = {
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.COMMENT,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())) as text, *_]:
                    found.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return found


def code_lines(path: Path, tree: ast.Module) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - docstring_lines(tree))


def test_no_file_is_a_heap(modules: dict[str, ast.Module], root: Path) -> None:
    tests = [path.relative_to(root).as_posix() for path in (root / "tests").rglob("*.py")]
    heaps = [
        path for path in [*modules, *tests] if HEAPS & set(path.removesuffix(".py").strip("_").split("/"))
    ]
    assert heaps == []


def test_no_file_is_too_long(modules: dict[str, ast.Module], root: Path) -> None:
    lengths = {path: code_lines(root / "src" / "segue" / path, tree) for path, tree in modules.items()}
    assert {path: n for path, n in lengths.items() if n > LIMIT and path not in LONG} == {}


def test_the_exceptions_are_still_needed(modules: dict[str, ast.Module], root: Path) -> None:
    lengths = {path: code_lines(root / "src" / "segue" / path, modules[path]) for path in LONG}
    assert {path: n for path, n in lengths.items() if n <= LIMIT} == {}


def test_nothing_inside_goes_through_the_front_door(modules: dict[str, ast.Module]) -> None:
    """`from segue import App` inside the package would hide which layer it depends on."""
    through = [
        f"src/segue/{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and node.module == "segue")
        or (isinstance(node, ast.Import) and any(alias.name == "segue" for alias in node.names))
    ]
    assert through == []


def test_every_area_says_what_it_is(modules: dict[str, ast.Module]) -> None:
    fronts = {path: tree for path, tree in modules.items() if path.endswith("__init__.py")}
    assert [path for path, tree in fronts.items() if not ast.get_docstring(tree)] == []

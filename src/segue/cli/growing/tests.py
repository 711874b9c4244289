"""Tests beside a file go into a folder of their own, if they find from there what they import."""

import re
import tomllib
from pathlib import Path

__all__ = ["move_tests"]

_CONFIGURATION = """[pytest]
# Tests import what is in this folder.
pythonpath = .
testpaths = tests
"""


def move_tests(file: Path) -> tuple[dict[str, str], dict[str, str], str]:
    """Which files of tests go where, files to be written besides, and why none goes; the folder is that of ``file``."""
    folder = file.resolve().parent
    found = [
        one
        for one in sorted([*folder.glob("test_*.py"), *folder.glob("*_test.py")])
        if re.search(rf"\b{re.escape(file.stem)}\b", one.read_text(encoding="utf-8"))
    ]
    if not found:
        return {}, {}, ""
    if (folder / "tests").exists():
        return {}, {}, "there is a folder tests already"
    if (folder / "conftest.py").exists():
        return {}, {}, "conftest.py is for all tests beside it"
    if any("__file__" in one.read_text(encoding="utf-8") for one in found):
        return {}, {}, "they look for files beside them by __file__"
    more = {} if _finds_root(folder) else {"pytest.ini": _CONFIGURATION}
    if more and _is_configured(folder):
        return {}, {}, 'pytest is configured without pythonpath = ["."], and would not find what they import'
    return {one.name: f"tests/{one.name}" for one in found}, more, ""


def _is_configured(folder: Path) -> bool:
    if any((folder / name).exists() for name in ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")):
        return True
    return bool(_of_project(folder)) or any(
        "pytest]" in (folder / name).read_text(encoding="utf-8")
        for name in ("tox.ini", "setup.cfg")
        if (folder / name).exists()
    )


def _of_project(folder: Path) -> dict[str, object]:
    project = folder / "pyproject.toml"
    if not project.exists():
        return {}
    found = tomllib.loads(project.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
    return dict(found.get("ini_options", found))


def _finds_root(folder: Path) -> bool:
    paths = _of_project(folder).get("pythonpath", [])
    return "." in (
        paths.split() if isinstance(paths, str) else list(paths) if isinstance(paths, list) else []
    )

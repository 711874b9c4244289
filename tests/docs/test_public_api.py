"""What Segue promises changes only with the file that says what that is, and with a line in the changelog."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import pytest

pytest.importorskip("griffe")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "api"))

from surface import PUBLIC, RELEASED, broken, surface, unmentioned  # noqa: E402 -- a tool, found by its path

PACKAGE = {
    "__init__.py": "from fixture.one import A, make\n__all__ = ['A', 'make']\n",
    "one.py": """
class Base:
    def shared(self, one: int = 1) -> str: ...
    def _private(self) -> None: ...
class A(Base):
    size: int = 3
    def __init__(self, name: str, /, *more: int, key: bool = False, **rest: object) -> None: ...
    @property
    def large(self) -> bool: ...
def make(first, /, second, *, third: 'A | None' = None) -> A: ...
""",
}


def test_the_public_names_and_their_signatures_are_those_that_are_written_down() -> None:
    written = PUBLIC.read_text(encoding="utf-8").splitlines()
    changed = difflib.unified_diff(
        written, surface(), str(PUBLIC.relative_to(ROOT)), "the source", lineterm="", n=0
    )
    told = "\n".join(changed)
    assert not told, f"write it anew with `python tools/api/surface.py`, and say so in CHANGELOG.md:\n{told}"


def test_what_a_release_had_and_is_gone_is_in_the_changelog() -> None:
    # Before the first release there is no such file: `python tools/api/surface.py --release` writes it.
    released = RELEASED.read_text(encoding="utf-8").splitlines() if RELEASED.exists() else []
    gone = broken(released, surface())
    assert unmentioned(gone, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")) == []


def test_the_surface_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "src" / "fixture"
    folder.mkdir(parents=True)
    for name, text in PACKAGE.items():
        (folder / name).write_text(text)
    assert surface(tmp_path, "fixture") == [
        "fixture.A  # a Base",
        "fixture.A.__init__(name: str, /, *more: int, key: bool = False, **rest: object) -> None",
        "fixture.A.large: bool  # a property",
        "fixture.A.shared(one: int = 1) -> str",
        "fixture.A.size: int",
        "fixture.make(first, /, second, *, third: A | None = None) -> A",
    ]


def test_what_breaks_has_to_be_said() -> None:
    before = ["segue.App.get(path: str) -> None", "segue.App.old() -> None", "segue.Same"]
    after = ["segue.App.get(path: str, more: int) -> None", "segue.Same", "segue.New"]
    assert broken(before, after) == ["segue.App.get", "segue.App.old"]
    changelog = "# Changelog\n\n## Unreleased\n\n- `App.old` is gone.\n\n## 0.1.0\n\n- `App.get`\n"
    assert unmentioned(["segue.App.get", "segue.App.old"], changelog) == ["segue.App.get"]

"""Nothing of Segue's goes without a warning before, and nothing stays beyond the version that was said."""

from __future__ import annotations

import ast
import asyncio
import warnings
from pathlib import Path

import pytest

import segue
from segue.deprecation import SegueDeprecationWarning, deprecated, warn_deprecated

HELPERS = {"deprecated", "warn_deprecated"}


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def overdue(path: str, tree: ast.Module, now: str) -> list[str]:
    """The places where something is marked as gone in a version that is here."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in HELPERS:
            said = {one.arg: one.value for one in node.keywords}
            gone_in = said.get("gone_in")
            if not (isinstance(gone_in, ast.Constant) and isinstance(gone_in.value, str)):
                found.append(f"{path}:{node.lineno}: gone_in has to be said as a text")
            elif number(now) >= number(gone_in.value):
                found.append(f"{path}:{node.lineno}: to be gone in {gone_in.value}, and this is {now}")
    return found


def test_what_was_to_be_gone_by_now_is_gone(modules: dict[str, ast.Module]) -> None:
    found = [
        one
        for path, tree in modules.items()
        if path != "deprecation.py"
        for one in overdue(path, tree, segue.__version__)
    ]
    assert found == []


@pytest.mark.parametrize(("now", "count"), [("0.5.9", 0), ("0.6.0", 1), ("1.0.0", 1)])
def test_the_version_that_was_said_is_looked_at(now: str, count: int) -> None:
    tree = ast.parse("@deprecated('b', since='0.4', gone_in='0.6')\ndef a(): ...")
    assert len(overdue("x.py", tree, now)) == count


def test_a_version_that_is_not_said_as_a_text_is_found() -> None:
    assert overdue("x.py", ast.parse("warn_deprecated('a', 'b', gone_in=LATER)"), "0.1.0") != []


@deprecated("new", since="0.4", gone_in="0.6")
def old(value: int) -> int:
    """Does it."""
    return value + 1


@deprecated("new", since="0.4", gone_in="0.6")
async def old_and_async(value: int) -> int:
    return value + 1


@deprecated("New", since="0.4", gone_in="0.6")
class Old:
    def __init__(self, value: int) -> None:
        self.value = value


def test_who_uses_it_is_told_at_their_own_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert old(1) == 2
        assert asyncio.run(old_and_async(1)) == 2
        assert Old(3).value == 3
        warn_deprecated("the parameter `at`", "`path`", gone_in="0.6", stacklevel=1)
    assert [Path(one.filename).name for one in caught] == [Path(__file__).name] * 4
    assert all(one.category is SegueDeprecationWarning for one in caught)
    assert str(caught[0].message) == "old will be gone in Segue 0.6. Use new instead."
    assert str(caught[3].message) == "the parameter `at` will be gone in Segue 0.6. Use `path` instead."


def test_it_stays_what_it_was() -> None:
    assert old.__name__ == "old"
    assert (old.__doc__ or "").startswith("Does it.\n\nDeprecated since 0.4")
    assert isinstance(Old, type)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SegueDeprecationWarning):
            old(1)

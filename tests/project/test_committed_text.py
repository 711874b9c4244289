"""The tree holds nothing of the machine that it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

# Written with classes of one letter so that this file does not hold what it looks for.
OF_A_MACHINE = re.compile(
    r"(?<![\w.~<-])/(?:w[o]rk|ro[o]t|ho[m]e/[a-z]+|Us[e]rs/[a-z]+|opt/py[p]i)\b/?"
    r"|bash_[j]obs|\.libr[a]ry/"
    r"|https?://[^\s\"')]*(?:/sim[p]le/|py[p]i\.org/pypi/|registry\.np[m]js|files\.pythonh[o]sted)"
)


def told(path: Path, root: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [
        f"{path.relative_to(root)}:{text.count(chr(10), 0, found.start()) + 1}: {found[0]}"
        for found in OF_A_MACHINE.finditer(text)
    ]


def test_no_path_of_a_machine_and_no_registry(committed: list[Path], root: Path) -> None:
    assert [line for path in committed for line in told(path, root)] == []


@pytest.mark.parametrize(
    "text", ["/ro" + "ot/.venv", "see /wo" + "rk/main", "/home" + "/ada/x", "/opt/py" + "pi/simple"]
)
def test_the_pattern_sees_what_it_is_for(text: str) -> None:
    assert OF_A_MACHINE.search(text)


@pytest.mark.parametrize(
    "text", ["docs/work/x", "https://example.com/root/", "/rooted", "~/work/", "home/ada", "</ro" + "ot>"]
)
def test_the_pattern_raises_no_false_alarm(text: str) -> None:
    assert not OF_A_MACHINE.search(text)

"""The tutorial, followed to the letter: each chapter ends with an app that runs and in which `segue check` finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tutorial import Reader, edited, steps

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "docs" / "tutorial").glob("*.md"))


@pytest.fixture(scope="module")
def read_until(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Reader]]:
    """Follows the chapters up to one, each once; a chapter builds on those before it."""
    reader = Reader(tmp_path_factory.mktemp("filmclub"))
    ahead = iter(CHAPTERS)
    read: list[Path] = []

    def until(chapter: Path) -> Reader:
        while chapter not in read:
            following = next(ahead, None)
            assert following is not None, "a chapter before this one could not be followed"
            assert reader.follow(following) > 0
            read.append(following)
        return reader

    yield until
    reader.close()


@pytest.mark.requires("curl")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_chapter_can_be_followed_to_the_letter(chapter: Path, read_until: Callable[[Path], Reader]) -> None:
    reader = read_until(chapter)
    code, printed = reader.run("segue check app.py")
    assert (code, printed.strip()) == (0, "Nothing found."), printed


@pytest.mark.requires("curl", "mypy")
@pytest.mark.timeout(300)
def test_the_last_file_is_typed_strictly(read_until: Callable[[Path], Reader]) -> None:
    code, printed = read_until(CHAPTERS[-1]).run("mypy --strict app.py")
    assert code == 0, printed


FILE = """import os

from a import b

app = 1


@deco
def one():
    pass


class Two:
    pass
"""


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("app.py", "x = 1", "x = 1\n"),
        ("app.py, at the end", "x = 1", FILE + "\n\nx = 1\n"),
        ("app.py, the imports", "import sys", FILE.replace("import os\n\nfrom a import b", "import sys")),
        ("app.py, instead of app", "app = 2", FILE.replace("app = 1", "app = 2")),
        ("app.py, instead of one", "x = 1", FILE.replace("@deco\ndef one():\n    pass", "x = 1")),
        ("app.py, before one", "x = 1", FILE.replace("@deco", "x = 1\n\n\n@deco")),
        ("app.py, after app", "x = 1", FILE.replace("app = 1\n", "app = 1\n\n\nx = 1\n")),
        ("app.py, after Two", "x = 1", FILE + "\n\nx = 1\n"),
    ],
)
def test_a_title_says_where_a_block_goes(title: str, text: str, expected: str) -> None:
    assert edited(FILE, title, text) == expected


def test_what_is_not_shown_is_noticed(tmp_path: Path) -> None:
    chapter = tmp_path / "01.md"
    reader = Reader(tmp_path)
    chapter.write_text("```console\n$ echo hello\nhallo\n```\n")
    with pytest.raises(AssertionError, match=r"01.md:1: \$ echo hello\nis shown with\nhallo"):
        reader.follow(chapter)
    chapter.write_text("```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match=r"exits with 1"):
        reader.follow(chapter)
    chapter.write_text('text\n\n```python title="a.py"\n1 +\n```\n')
    with pytest.raises(AssertionError, match=r"01.md:3"):
        reader.follow(chapter)
    with pytest.raises(SyntaxError, match="which file"):
        list(steps("```python\nx = 1\n```"))

"""Models and queries have exact types for a checker that knows nothing of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.row("U-DJ-03")
@pytest.mark.requires("mypy")
def test_no_plugin_is_needed(tmp_path: Path) -> None:
    """What those files assert about types holds, and each line in them that is wrong is an error: an unused ignore is one too."""
    for name in ("test_models.py", "test_queries.py"):
        text = (ROOT / "typing_tests" / name).read_text(encoding="utf-8")
        assert text.count("assert_type(") > 20
        assert "# type: ignore[" in text
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(
        "from typing import reveal_type\n"
        "from test_models import Author, Post\n"
        "from segue.db import count\n"
        "reveal_type(Author.select(Author, Author.posts.count()))\n"
        "reveal_type(Post.where(Post.views > 3).values(Post.title))\n"
        "Post.where(Post.titel == 'x')\n"
        "Post.where(Post.views.icontains('x'))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    told = done.stdout.splitlines()
    assert [line.split(":")[:3] for line in told] == [
        ["wrong.py", "4", " note"],
        ["wrong.py", "5", " note"],
        ["wrong.py", "6", " error"],
        ["wrong.py", "7", " error"],
    ], done.stdout + done.stderr
    assert "Rows[tuple[test_models.Author, int]]" in told[0]
    assert "Rows[str]" in told[1]

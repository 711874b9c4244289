"""Builds the documentation site: `python tools/site/build.py` makes build/docs of docs/ and of the docstrings.

`docs/` is what people write and read on any code host. The site has more: the reference, written from docstrings (`reference.py`),
and its navigation, which is the list in `docs/index.md` (`navigation.py`). Both are put beside copies of the pages in
`build/site`, and Zensical makes HTML of that. A warning is an error.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from navigation import navigation
from reference import write_reference

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "site"

# What is for the tests alone: assertions, and why a block is not run.
_FOR_TESTS = re.compile(r"^ *<!-- (?:check *\n.*?\n *-->|not run:.*?-->) *\n", re.MULTILINE | re.DOTALL)
_NUMBERED = re.compile(r"^(\d+)\. \[", re.MULTILINE)


def main() -> int:
    """Builds; the exit code of Zensical."""
    shutil.rmtree(WORK, ignore_errors=True)
    pages = WORK / "pages"
    shutil.copytree(ROOT / "docs", pages)
    for page in pages.rglob("*.md"):
        page.write_text(_FOR_TESTS.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    decisions = pages / "decisions" / "README.md"
    settings = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    written = write_reference(ROOT / "src", pages)
    settings["project"]["nav"] = navigation(pages, written)
    # Markdown counts on from the first number of a list; decisions have gaps between theirs.
    decisions.write_text(_NUMBERED.sub(r"- \1: [", decisions.read_text(encoding="utf-8")), encoding="utf-8")
    # Zensical works within the folder of its settings, and empties the caches that it finds there.
    (WORK / "zensical.toml").write_text("\n".join(toml(settings)), encoding="utf-8")
    zensical = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    done = subprocess.run(zensical, cwd=WORK, check=False)
    if done.returncode == 0:
        target = ROOT / "build" / "docs"
        shutil.rmtree(target, ignore_errors=True)
        (WORK / "html").rename(target)
    return done.returncode


def toml(table: dict[str, Any], name: str = "") -> Iterator[str]:
    """A table of settings as TOML, the plain values before the tables in it."""
    if name:
        yield f"[{name}]"
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in tables:
            yield f"{key} = {inline(value)}"
    for key, value in tables.items():
        yield from toml(value, f"{name}.{json.dumps(key)}" if name else key)


def inline(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())

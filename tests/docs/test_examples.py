"""Every Python example of the documentation runs."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from docpages import run_page

ROOT = Path(__file__).resolve().parents[2]
# The tutorial is followed as a whole: test_tutorial.py.
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "tutorial"),
]
# What a page does to its process would stay there for the tests that come after it, and theirs for the page.
OWN_PROCESS = {
    "coming-from-cherrypy.md": "CherryPy has one configuration and one engine for all of a process",
    "coming-from-django.md": "Django can be configured once in a process",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_examples_of_the_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an example may write files
    if page.name in OWN_PROCESS:
        alone(page)
        return
    try:
        run_page(page, page.read_text(encoding="utf-8"))
    except BaseException as error:  # an example may also exit
        if isinstance(error, KeyboardInterrupt):
            raise
        pytest.fail(f"{place(page, error)}\n{''.join(traceback.format_exception(error))}", pytrace=False)


def alone(page: Path) -> None:
    """Runs the page in a process of its own; what goes wrong there fails the test with the traceback of there."""
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("docpages.py")), str(page)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    if done.returncode != 0:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def test_a_page_in_a_process_of_its_own_fails_with_its_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n", encoding="utf-8")
    alone(page)
    page.write_text("```python\nx = 1\nx / 0\n```\n", encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match=r'page\.md", line 3(?s:.*)ZeroDivisionError'):
        alone(page)


def place(page: Path, error: BaseException) -> str:
    """file:line of the page, what went wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(page)), None)
    if line is None and isinstance(error, SyntaxError) and error.filename == str(page):
        line = error.lineno
    where = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page.name
    return f"{where}:{line or 1}: {type(error).__name__}: {error}"


FAILING = {
    "an example that raises": ("# Page\n\n```python\nx = 1\nx / 0\n```\n", 5),
    "one that needs another": ("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n", 6),
    "a check that does not hold": ("```python\nx = 1\n```\n<!-- check\nassert x == 2\n-->\n", 5),
    "one with a title": ('```python title="hello.py"\nraise ValueError\n```\n', 2),
    "one in a list": ("- so:\n\n    ```python\n    raise ValueError\n    ```\n", 4),
    "bad syntax": ("text\n\n```python\n1 +\n```\n", 4),
    "inside a function": ("```python\ndef f():\n    raise ValueError\n```\n\n```python\nf()\n```\n", 3),
}


@pytest.mark.parametrize(("text", "line"), FAILING.values(), ids=FAILING)
def test_a_broken_example_is_named_by_its_line(text: str, line: int) -> None:
    page = Path("page.md")
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- each raises another
        run_page(page, text)
    assert place(page, caught.value).startswith(f"page.md:{line}: ")


def test_what_is_no_python_or_has_a_reason_is_not_run() -> None:
    text = "```console\n$ boom\n```\n\n````text\n```python\nboom\n```\n````\n\n<!-- not run: listens -->\n\n```python\nboom\n```\n"
    assert run_page(Path("page.md"), text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "<!-- not run: -->\n```python\nx\n```\n",
        "<!-- not run: why -->\ntext\n```python\n```\n",
        "```python\nx = 1\n",
        "<!-- check\nx = 1\n",
    ],
)
def test_a_mark_without_its_other_half_is_an_error(text: str) -> None:
    with pytest.raises(SyntaxError, match=r"line [12]"):
        run_page(Path("page.md"), text)


def test_classes_of_a_page_can_name_each_other() -> None:
    text = """
```python
from __future__ import annotations
from segue import App, Struct

class Film(Struct):
    title: str
```

```python
app = App()

@app.post("/films")
async def add(film: Film) -> Film:
    return film
```
<!-- check
with Client(app) as client:
    assert client.post("/films", json={"title": "Slam"}).json() == {"title": "Slam"}
-->
"""
    assert run_page(Path("page.md"), text) == 3

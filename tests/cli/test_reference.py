"""docs/reference/cli.md is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from segue.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
INTRODUCTION = """\
The options of `segue run`, `segue serve` and those that find an application are also environment variables, `SEGUE_` and
the name: `--max-age` is `SEGUE_MAX_AGE`. (`--access-log` of `segue run` is `SEGUE_RUN_ACCESS_LOG`.)

`APP` is `module:attribute`, `file.py`, `file.py:attribute`, or a function that makes the application, with what it takes:
`shop:make_app("test")`. It may be left out: then it is what `segue --app` says, or `SEGUE_APP`, or else `app.py` or
`main.py` of the folder.
"""


def page() -> str:
    """The page as it should be: every command, its text and its options."""
    parts = [
        "# The command `segue`\n",
        INTRODUCTION,
    ]
    for name, command in main.commands.items():
        context = click.Context(command, info_name=f"segue {name}", max_content_width=110, terminal_width=110)
        parts.append(f"## segue {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


@pytest.mark.parametrize("name", main.commands)
def test_the_reference_has_every_command_as_it_is(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    section = page().partition(f"## segue {name}\n")[2].partition("\n## ")[0].strip()
    assert section in text, "write it anew: python tests/cli/test_reference.py"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""The console of an error page in a browser: opened by the token of the terminal, used by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import opened
from process_rig import segue

PROGRAM = """
from segue import App
from segue.debug import Debugger

app = App("shop", plugins=[Debugger()])


@app.get("/fail")
def fail() -> str:
    title = "Minor Swing"
    return title + 1
"""

TYPE = """(() => {{
  const field = document.querySelector({field!r});
  field.focus(); field.value = {text!r}; field.form.requestSubmit();
}})()"""


@pytest.mark.requires("chromium")
def test_the_token_opens_the_console_of_each_frame(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(PROGRAM, encoding="utf-8")
    nobody_else = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
    with segue("run", "shop.py", "--port", "0", cwd=tmp_path) as server:
        address = f"http://localhost:{server.ready().port}/fail"
        with opened(address, tmp_path / "profile", nobody_else) as tab:
            tab.wait_for("document.querySelector('#unlock') !== null")
            assert tab.value("getComputedStyle(document.querySelector('form.console')).display") == "none"
            tab.value(TYPE.format(field="#unlock input", text="wrong"))
            tab.wait_for("document.querySelector('#unlock p').textContent.includes('not the token')")
            token = re.findall(r"one browser and one time: (\S+)", server.output)[-1]
            tab.value(TYPE.format(field="#unlock input", text=token))
            tab.wait_for("document.activeElement.name === 'code'")
            frame = "details[open] form.console"
            tab.value(TYPE.format(field=f"{frame} input", text="title.upper()"))
            tab.wait_for(
                f"document.querySelector({frame + ' pre'!r}).textContent.includes(\"'MINOR SWING'\")"
            )
            # What is left of complaints is that the page is a 500, and that a token was wrong.
            assert [
                one for one in tab.complaints if "status of 500" not in one and "status of 403" not in one
            ] == []

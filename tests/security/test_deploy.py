"""`segue check --deploy`: nothing about an app with the defaults, one finding for each that is made worse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from segue.cli import main

SOUND = """
from segue import App, Cookie
from segue.security import CSP, CSRF, MemorySessions, Security, Session, SessionCookie, Sessions

app = App(plugins=[Security(hosts=["example.com"]), Sessions("sessions.db")])

@app.post("/pay")
async def pay(session: Session) -> None: ...
"""

# What is made worse: in the text above, this for that; and what is said of it.
WORSE = {
    "no-hosts": ('hosts=["example.com"]', ""),
    "any-host": ('hosts=["example.com"]', 'hosts=["*.com"]'),
    "no-https": ('hosts=["example.com"]', 'hosts=["example.com"], https=False'),
    "short-hsts": ('hosts=["example.com"]', 'hosts=["example.com"], hsts=60'),
    "no-csp": ('hosts=["example.com"]', 'hosts=["example.com"], csp=None'),
    "weak-csp": ('hosts=["example.com"]', 'hosts=["example.com"], csp=CSP(script_src=["\'unsafe-inline\'"])'),
    "csp-reports-only": ('hosts=["example.com"]', 'hosts=["example.com"], csp=CSP(report_only=True)'),
    "insecure-cookie": ('Sessions("sessions.db")', "Sessions(cookie=SessionCookie(secure=False))"),
    "same-site": ('Sessions("sessions.db")', 'Sessions(cookie=SessionCookie(same_site="none"))'),
    "long-session": ('Sessions("sessions.db")', "Sessions(absolute=400 * 86_400)"),
    "memory-sessions": ('Sessions("sessions.db")', "Sessions(MemorySessions())"),
    "csrf-exempt": ('"/pay"', '"/pay", skip=["csrf"]'),
    "no-security": ('Security(hosts=["example.com"]), ', ""),
    "debug": ("App(", "App(debug=True, "),
    "missing-header": (
        "@app.post",
        "app.default_headers = [one for one in app.default_headers if one[0] != b'x-content-type-options']\\n@app.post",
    ),
    "unguarded": (
        'plugins=[Security(hosts=["example.com"]), Sessions("sessions.db")])',
        'plugins=[Security(hosts=["example.com"])])\\n\\n@app.post("/x")\\nasync def x(theme: Cookie[str]) -> None: ...\\n#',
    ),
}


def findings(tmp_path: Path, text: str, *options: str) -> list[tuple[str, int, str]]:
    module = tmp_path / f"shop_{abs(hash((text, options)))}.py"
    module.write_text(text)
    result = CliRunner().invoke(main, ["check", f"{module}:app", "--json", *options])
    found = json.loads(result.output)
    assert result.exit_code == (1 if found else 0)
    return [(Path(one["file"]).name, one["line"], one["code"]) for one in found]


@pytest.fixture(autouse=True)
def in_a_folder_with_a_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECURITY_KEY", key)
    monkeypatch.delenv("SECURITY_HOSTS", raising=False)


@pytest.mark.row("DJ-22")
def test_what_the_defaults_make_is_sound_and_a_bare_app_is_told_what_it_lacks(tmp_path: Path) -> None:
    assert findings(tmp_path, SOUND, "--deploy") == []
    assert findings(tmp_path, SOUND) == []
    bare = """
from segue import App
from segue.security import MemorySessions, SessionCookie, Sessions

app = App(debug=True, plugins=[Sessions(MemorySessions(), absolute=10**9, cookie=SessionCookie(secure=False))])
app.default_headers = []
"""
    codes = [code for _, _, code in findings(tmp_path, bare, "--deploy")]
    assert sorted(set(codes)) == [
        "debug", "insecure-cookie", "long-session", "memory-sessions", "missing-header", "no-security",
    ]  # fmt: skip
    assert findings(tmp_path, bare) == []


@pytest.mark.parametrize("code", WORSE)
def test_each_thing_that_is_made_worse_is_one_finding(tmp_path: Path, code: str) -> None:
    old, new = WORSE[code]
    assert old in SOUND
    text = SOUND.replace(old, new, 1).replace("\\n", "\n")
    if code == "unguarded":
        text = text.replace("session: Session", "")
    found: list[Any] = findings(tmp_path, text, "--deploy")
    assert [one[2] for one in found] == [code]
    if code == "csrf-exempt":
        assert found[0][1] == text.split("\n").index("async def pay(session: Session) -> None: ...") + 1 - 1


def test_a_key_is_printed_that_is_good_enough() -> None:
    result = CliRunner().invoke(main, ["key"])
    from segue.security import Keys

    Keys(result.output.strip())
    assert re.fullmatch(r"[\w-]{64}\n", result.output)

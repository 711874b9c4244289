"""The console of error pages: for the developer at this machine, and for nobody else."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest
from process_rig import Segue, segue

from segue import App
from segue.debug import Debugger
from segue.debug.tokens import Gate
from segue.testing import Client, ClientResponse

HTML = {"accept": "text/html"}
ORIGIN = {"origin": "http://localhost"}


def failing(*, development: bool = True) -> App:
    app = App("shop", debug=True, plugins=[Debugger()])
    app.development = development

    @app.get("/fail")
    async def fail() -> str:
        title = "Minor Swing"
        numbers = [1, 2, 3]
        raise ValueError(title + str(numbers))

    return app


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that were announced."""
    told: list[str] = []
    monkeypatch.setattr(Gate, "announce", lambda self: told.append(self._token))
    return told


def client_of(app: App) -> Client:
    return Client(app, raise_server_exceptions=False)


def unlocked(client: Client, token: list[str]) -> dict[str, str]:
    reply = client.post("/_debug/console/unlock", json={"token": token[-1]}, headers=ORIGIN)
    return {**ORIGIN, "x-segue-console": reply.json()["key"]}


def failure_of(page: ClientResponse) -> str:
    found = re.search(r'data-failure="([0-9a-f]+)" data-frame="0"', page.text)
    assert found is not None
    return found[1]


def test_a_line_runs_with_the_names_of_its_frame(token: list[str]) -> None:
    with client_of(failing()) as client:
        failure = failure_of(client.get("/fail", headers=HTML))
        headers = unlocked(client, token)

        def run(code: str) -> str:
            typed = {"failure": failure, "frame": 0, "code": code}
            answer: str = client.post("/_debug/console/run", json=typed, headers=headers).json()["output"]
            return answer

        assert run("title.upper()") == "'MINOR SWING'\n"
        assert run("total = sum(numbers)") == ""
        assert run("print(total, end='!'); _ if False else total + 1") == "6!7\n"
        assert run("import asyncio; await asyncio.sleep(0, 'waited')") == "'waited'\n"
        assert run("[n * total for n in numbers]") == "[6, 12, 18]\n"
        assert "ZeroDivisionError" in run("1 / 0")
        assert "SyntaxError" in run("1 +")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {**ORIGIN, "sec-fetch-site": "cross-site"},
        {**ORIGIN, "sec-fetch-site": "same-site"},
        {**ORIGIN, "x-forwarded-for": "127.0.0.1"},
        {"host": "rebound.example", "origin": "http://rebound.example"},
    ],
)
def test_pages_of_others_find_no_console(headers: dict[str, str], token: list[str]) -> None:
    with client_of(failing()) as client:
        for path, body in (
            ("unlock", {"token": token[0]}),
            ("run", {"failure": "x", "frame": 0, "code": "1"}),
        ):
            assert client.post(f"/_debug/console/{path}", json=body, headers=headers).status == 404
        # The token was not used up.
        assert "x-segue-console" in unlocked(client, token)


def test_other_machines_find_no_console(token: list[str]) -> None:
    with Client(failing(), raise_server_exceptions=False, client=("192.0.2.1", 9)) as client:
        assert "console" not in client.get("/fail", headers=HTML).text
        assert client.post("/_debug/console/unlock", json={"token": token[0]}, headers=ORIGIN).status == 404


def test_a_form_of_another_site_cannot_ask(token: list[str]) -> None:
    with client_of(failing()) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            body = msgspec.json.encode({"token": token[0]})
            reply = client.post(
                "/_debug/console/unlock", content=body, headers={**ORIGIN, "content-type": kind}
            )
            assert reply.status == 415


def test_each_token_opens_once_and_wrong_ones_shut_the_gate(token: list[str]) -> None:
    with client_of(failing()) as client:

        def unlock(word: str) -> int:
            return client.post("/_debug/console/unlock", json={"token": word}, headers=ORIGIN).status

        first = token[-1]
        assert unlock(first) == 200
        assert len(set(token)) == 2
        assert unlock(first) == 403
        for _ in range(4):
            assert unlock("guess") == 403
        assert unlock(token[-1]) == 403


def test_without_a_key_nothing_runs(token: list[str]) -> None:
    with client_of(failing()) as client:
        failure = failure_of(client.get("/fail", headers=HTML))
        typed = {"failure": failure, "frame": 0, "code": "1"}
        for key in ("", "guess"):
            headers = {**ORIGIN, "x-segue-console": key}
            assert client.post("/_debug/console/run", json=typed, headers=headers).status == 403
        headers = unlocked(client, token)
        for wrong in ({**typed, "frame": 99}, {**typed, "frame": -1}, {**typed, "failure": "0"}):
            assert client.post("/_debug/console/run", json=wrong, headers=headers).status == 404


def test_the_page_has_one_script_of_its_own_and_shows_no_secret(token: list[str]) -> None:
    with client_of(failing()) as client:
        page = client.get("/fail", headers=HTML)
        key = unlocked(client, token)["x-segue-console"]
        again = client.get("/fail", headers=HTML)
    assert page.text.count("<script>") == 1
    assert re.search(r"default-src 'none'.*script-src 'sha256-[^']+'; connect-src 'self'$", page.headers["content-security-policy"])  # fmt: skip
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "//" not in re.sub(r"https?://localhost[^<]*", "", page.text.partition("<script>")[2])
    assert [one for one in (*token, key) if one in page.text + again.text] == []


@pytest.mark.parametrize("changes", [{"development": False}, {"debug": False}])
def test_elsewhere_the_plugin_declares_nothing(changes: dict[str, Any]) -> None:
    app = failing()
    for name, value in changes.items():
        setattr(app, name, value)
    assert [one.path for one in app.plan.endpoints] == ["/fail"]
    assert app.plan.middleware == ()


PROGRAM = """
from segue import App
from segue.debug import Debugger

app = App("shop", plugins=[Debugger()])


@app.get("/fail")
def fail() -> str:
    title = "Minor Swing"
    return title + 1
"""


@pytest.mark.row("FL2")
def test_under_segue_run_the_token_of_the_terminal_opens_it_and_in_production_there_is_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop.py").write_text(PROGRAM, encoding="utf-8")
    with segue("run", "shop.py", "--port", "0", cwd=tmp_path) as server:
        server.ready()
        page = ask(server, "/fail")[1]
        assert "return title + 1" in page
        failure = re.findall(r'data-failure="([0-9a-f]+)"', page)[0]
        line = re.findall(r"one browser and one time: (\S+)", server.output)[-1]
        typed = {"failure": failure, "frame": 0, "code": "title.lower()"}
        assert ask(server, "/_debug/console/run", typed, "wrong")[0] == 403
        assert ask(server, "/_debug/console/unlock", {"token": "12345"})[0] == 403
        status, body = ask(server, "/_debug/console/unlock", {"token": line})
        assert status == 200
        key = msgspec.json.decode(body)["key"]
        assert msgspec.json.decode(ask(server, "/_debug/console/run", typed, key)[1]) == {
            "output": "'minor swing'\n"
        }
    for options in ((), ("--debug",)):
        with segue("serve", "shop.py", "--port", "0", *options, cwd=tmp_path) as server:
            server.ready()
            assert "console" not in ask(server, "/fail")[1]
            assert ask(server, "/_debug/console/unlock", {"token": "x"})[0] == 404
            assert "Its token" not in server.output


def ask(server: Segue, path: str, body: object = None, key: str = "") -> tuple[int, str]:
    origin = f"http://127.0.0.1:{server.port}"
    data = None if body is None else msgspec.json.encode(body)
    headers = {"accept": "text/html" if body is None else "*/*", "origin": origin, "x-segue-console": key}
    if body is not None:
        headers["content-type"] = "application/json"
    request = urllib.request.Request(origin + path, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()

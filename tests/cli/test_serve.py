"""The options of `segue serve` and `segue run`: on the command line, in the environment, in a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from process_rig import PATIENCE, get, segue, until

PROGRAM = "from segue import App\napp = App()\n@app.get('/')\nasync def home() -> str:\n    return 'home'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "served.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def refused(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What a command says that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "segue", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(env or {})},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.row("BO15")
def test_an_app_is_started_from_an_import_string_with_bind_config_debug_and_reload(folder: Path) -> None:
    (folder / "settings.toml").write_text("start-timeout = 20\n", encoding="utf-8")
    development = ("run", "served:app", "-b", "127.0.0.1:0", "-c", "settings.toml", "--debug", "--reload")
    production = ("serve", "served:app", "-b", "127.0.0.1:0", "-c", "settings.toml")
    for arguments in (development, production):
        with segue(*arguments, cwd=folder) as server:
            assert server.ready().get() == (200, "home")


@pytest.mark.row("AI22")
def test_a_function_of_a_package_that_makes_the_app_is_served_on_a_host_and_port(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from segue import App\n\ndef init(name='shop'):\n    app = App(name)\n\n    @app.get('/')\n"
        "    async def home() -> str:\n        return name\n\n    return app\n",
        encoding="utf-8",
    )
    address = ("--host", "127.0.0.1", "--port", "0")
    for target, name in (("shop:init()", "shop"), ("shop:init('other')", "other")):
        with segue("serve", *address, target, cwd=tmp_path) as server:
            assert server.ready().get() == (200, name)


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("serve",), {"SEGUE_APP": "served:app", "SEGUE_PORT": "0", "SEGUE_WORKERS": "2"}),
        (("--app", "served:app", "serve"), {"SEGUE_PORT": "0", "SEGUE_WORKERS": "2"}),
        (("serve", "served:app"), {"SEGUE_BIND": "127.0.0.1:0", "SEGUE_WORKERS": "2"}),
        (("serve", "served:app", "--workers", "2"), {"SEGUE_PORT": "0", "SEGUE_WORKERS": "1"}),
        (("serve", "-c", "all.toml"), {}),
        (("serve", "-c", "all.toml", "--workers", "2"), {"SEGUE_WORKERS": "3"}),
    ],
)
def test_every_option_is_a_variable_and_a_key_of_a_file(
    folder: Path, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    (folder / "all.toml").write_text('app = "served:app"\nport = 0\nworkers = 2\n', encoding="utf-8")
    with segue(*arguments, cwd=folder, env=env) as server:
        assert server.ready().get() == (200, "home")
        assert len(server.workers) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("serve", "served:app", "--port", "70000"), "is no port"),
        (("serve", "served:app", "--port", "-1"), "is no port"),
        (("serve", "served:app", "--port", "٣"), "is no port"),
        (("serve", "served:app", "--max-memory", "much"), "is no size"),
        (("serve", "served:app", "--umask", "999"), "are no permissions"),
        (("serve", "served:app", "--bind", "127.0.0.1:0", "--port", "0"), "--bind stands instead"),
        (("serve",), "Which application?"),
        (("serve", "-c", "nowhere.toml"), "cannot be read"),
        (("serve", "-c", "broken.toml"), "is not TOML"),
        (("serve", "-c", "unknown.toml"), "prot, which serve does not know"),
        (("serve", "served:app", "--workers", "0"), "0 is not in the range"),
        (("serve", "served:app", "--certfile", "nowhere.pem"), "nowhere.pem cannot be read"),
    ],
)
def test_an_option_that_cannot_be_is_told(folder: Path, arguments: tuple[str, ...], told: str) -> None:
    (folder / "broken.toml").write_text("port = = 1", encoding="utf-8")
    (folder / "unknown.toml").write_text("prot = 1", encoding="utf-8")
    assert told in refused(folder, *arguments)


def test_the_variable_that_kubernetes_sets_for_a_service_of_that_name_is_not_a_port(folder: Path) -> None:
    (folder / "served.py").write_text(PROGRAM, encoding="utf-8")
    told = refused(folder, "serve", "nowhere:app", env={"SEGUE_PORT": "tcp://10.0.0.1:80"})
    assert "is no port" not in told


def test_the_help_of_each_command_is_there(folder: Path) -> None:
    for command in ([], ["serve"], ["run"], ["routes"], ["watch"], ["stop"], ["reload"], ["status"]):
        done = subprocess.run(
            [sys.executable, "-m", "segue", *command, "--help"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0
        assert "Usage:" in done.stdout


@pytest.mark.row("SA25")
def test_a_directory_is_served(tmp_path: Path) -> None:
    public = tmp_path / "public"
    (public / "songs").mkdir(parents=True)
    (public / "songs" / "nuages.txt").write_text("clouds", encoding="utf-8")
    (public / ".secret").write_text("no", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("no", encoding="utf-8")
    with segue("serve", "./public", "--port", "0", "--workers", "2", cwd=tmp_path) as server:
        assert server.ready().get("/songs/nuages.txt") == (200, "clouds")
        status, page = server.get("/")
        assert status == 200
        assert "songs/" in page
        assert ".secret" not in page
        for path in ("/.secret", "/%2e%2e/outside.txt", "/../outside.txt", "/songs/none.txt"):
            assert server.get(path)[0] == 404


@pytest.mark.row("SA25")
def test_the_same_app_runs_under_an_asgi_server(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "served:app", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port), "uvicorn")
        assert get(port) == (200, "home")
    finally:
        server.terminate()
        server.wait(PATIENCE)


def answers(port: int) -> bool:
    try:
        return get(port)[0] == 200
    except OSError:
        return False

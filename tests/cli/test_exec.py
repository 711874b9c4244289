"""`segue exec`: the commands of an app."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from segue.cli import main

PROGRAM = '''
import asyncio
import enum
import pathlib
from typing import Annotated, Literal

import click

from collections.abc import AsyncIterator

from segue import App, AppKey, Meta, Setup, wait


class Mail:
    name = "mail"

    def setup(self, to: Setup) -> None:
        @to.command(group="mail")
        def send(address: str) -> str:
            return f"mail to {address}"


app = App("shop", plugins=[Mail()])
blog = App("blog")
started = []


@app.lifespan
async def life():
    started.append("up")
    yield
    print("down")


class Color(enum.Enum):
    red = "red"
    blue = "blue"


@app.command
async def hello(app: App, name: str, times: Annotated[int, Meta(ge=1, description="how often")] = 1) -> str:
    """Say hello."""
    await asyncio.sleep(0)
    return f"{app.name}: " + f"hello {name} " * times + " ".join(started)


@app.command(group="users")
def create(emails: list[str], *, file: pathlib.Path | None = None, role: Literal["admin", "guest"],
           color: Color = Color.red, quiet: bool = False) -> dict[str, object]:
    async def later() -> int:
        return len(emails)

    return {"emails": emails, "role": role, "color": color, "quiet": quiet, "count": wait(later()), "file": str(file)}


@blog.command(lifespan=False)
def reindex() -> str:
    return f"reindexed {started}"


class Mailer:
    pass


@app.provide
async def mailer() -> AsyncIterator[Mailer]:
    print("open")
    yield Mailer()
    print("closed")


@app.command
def post(mailer: Mailer, to: str = "all") -> str:
    return f"{type(mailer).__name__} to {to}"


@app.command
async def fail(mailer: Mailer) -> None:
    raise ValueError("no letters")


@app.command(lifespan=False)
def lost(nothing: AppKey) -> None: ...


@app.command
async def leave() -> None:
    raise SystemExit(7)


@app.command
@click.command("add")
@click.argument("number", type=int)
@click.option("--to", type=int, default=1)
@click.pass_obj
def add(shop: App, number: int, to: int) -> None:
    """Add two numbers."""
    click.echo(f"{shop.name} {number + to} {started}")


app.include(blog, at="/blog")


def make(name: str) -> App:
    app = App(name)

    @app.get("/zebras")
    @app.get("/add", name="add")
    async def show() -> str:
        return ""

    @app.command(group="made")
    def which(app: App) -> str:
        return app.name

    return app
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "app", raising=False)  # that of another test
    (tmp_path / "app.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


@pytest.mark.row("SA23")
def test_a_command_of_the_app_runs_with_the_app_started() -> None:
    assert run("exec", "hello", "Django", "--times=2") == (0, "shop: hello Django hello Django up\ndown\n")
    assert run("exec", "app.py", "hello", "Django")[1].startswith("shop: hello Django")
    assert run("--app", "app:app", "hello", "Django")[1].startswith("shop: hello Django")


@pytest.mark.row("FL14")
def test_routes_commands_groups_and_entry_points_are_of_the_app_that_a_factory_makes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = ("--app", "app:make('second')")
    assert run(*named, "routes", "--sort", "name")[1].split()[:3] == ["GET", "/add", "second.add"]
    assert run(*named, "made", "which")[1] == "second\n"
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda **_: [Point("shout", "", "segue.commands")]
    )
    assert run(*named, "shout", "now") == (0, "NOW\n")


def test_words_become_what_the_function_says() -> None:
    code, output = run(
        "exec", "users", "create", "a@b", "c@d", "--role", "admin", "--color=blue", "--file", "x.txt"
    )
    assert code == 0
    for text in ('"a@b"', '"count": 2', '"role": "admin"', '"color": "blue"', '"file": "x.txt"'):
        assert text in output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("hello", "x", "--times", "0"), "Expected `int` >= 1"),
        (("hello", "x", "--times", "many"), "'many'"),
        (("hello",), "Missing argument 'NAME'"),
        (("users", "create", "a"), "Missing option '--role'"),
        (("users", "create", "a", "--role", "boss"), "It is one of admin, guest"),
        (("nothing",), "It has: add, blog, fail, hello, leave, lost, mail, post, users"),
    ],
)
def test_bad_words_are_told(words: tuple[str, ...], told: str) -> None:
    code, output = run("exec", *words)
    assert code == 2
    assert told in output


def test_the_help_is_the_docstring_and_the_description() -> None:
    _, output = run("exec", "hello", "--help")
    assert "Say hello." in output
    assert "how often" in output
    listed = run("exec")[1]
    assert "Say hello." in listed
    assert "Add two numbers." in listed


def test_a_command_may_do_without_the_start() -> None:
    assert run("exec", "blog", "reindex") == (0, "reindexed []\n")


def test_what_a_command_asks_for_by_type_is_provided_and_cleaned_up() -> None:
    assert run("exec", "post", "--to", "you") == (0, "open\nclosed\nMailer to you\ndown\n")
    result = CliRunner().invoke(main, ["exec", "fail"])
    assert repr(result.exception) == "ValueError('no letters')"
    assert result.output == "open\ndown\n"
    code, output = run("exec", "lost")
    assert code == 1
    assert "where does 'nothing' of type AppKey come from?" in output


def test_a_plugin_declares_commands_as_the_app_does() -> None:
    assert run("mail", "send", "a@b")[1].startswith("mail to a@b\n")


def test_an_async_command_may_leave_with_a_code() -> None:
    assert run("exec", "leave") == (7, "down\n")


def test_a_command_of_click_is_taken_as_it_is() -> None:
    assert run("exec", "add", "4", "--to", "2") == (0, "shop 6 ['up']\ndown\n")


def test_packages_add_commands_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Point("shout", "", "segue.commands")
    real = importlib.metadata.entry_points

    def entry_points(**given: str) -> object:
        return (
            [point]
            if given.get("group") == "segue.commands" and given.get("name", "shout") == "shout"
            else real(**given)
        )

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert run("shout", "now") == (0, "NOW\n")
    assert "shout" in run("--help")[1]


def test_what_neither_segue_nor_the_app_knows_is_told(folder: Path) -> None:
    assert "The application has no command 'frobnicate'" in run("frobnicate")[1]
    (folder / "app.py").unlink()
    assert "No such command 'frobnicate'" in run("frobnicate")[1]


class Point(importlib.metadata.EntryPoint):
    """An entry point of a package that is not installed."""

    def load(self) -> click.Command:
        return shout


@click.command()
@click.argument("word")
def shout(word: str) -> None:
    click.echo(word.upper())

"""Commands that an app declares: what is wrong with them is found when it is frozen."""

from __future__ import annotations

import pytest

from segue import App
from segue.core.plan import FreezeError


def test_commands_of_one_name_are_told_with_both_places() -> None:
    app = App()

    @app.command
    def hello() -> None: ...

    @app.command(name="hello")
    def other() -> None: ...

    with pytest.raises(
        FreezeError, match=r"'hello' is declared at test_commands\.py:\d+ and at test_commands"
    ):
        app.freeze()


def test_a_command_cannot_be_a_group_too() -> None:
    app = App()

    @app.command
    def users() -> None: ...

    @app.command(group="users")
    def create() -> None: ...

    with pytest.raises(FreezeError, match=r"'users' is a command at .* and a group of commands at"):
        app.freeze()


def test_what_a_command_line_cannot_give_is_told() -> None:
    app = App()

    @app.command
    def hello(**names: str) -> None: ...

    with pytest.raises(FreezeError, match="cannot be given on a command line"):
        app.freeze()


def test_an_unknown_annotation_is_told() -> None:
    app = App()

    @app.command
    def hello(name: Nowhere) -> None: ...  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(FreezeError, match="the annotation 'Nowhere' is not known"):
        app.freeze()


def test_a_command_stays_a_function() -> None:
    app = App()

    @app.command(name="greet")
    def hello(name: str) -> str:
        return f"hello {name}"

    assert hello("Django") == "hello Django"
    assert [one.words for one in app.plan.commands] == [("greet",)]

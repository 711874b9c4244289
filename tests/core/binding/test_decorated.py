"""Handlers behind decorators: those that change nothing, and those that add a parameter."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from segue import App
from segue.testing import Client


def counted(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Takes ``times`` besides what the handler takes."""

    @functools.wraps(handler)
    async def answer(*arguments: Any, **named: Any) -> Any:
        times = named.pop("times")
        return await handler(*arguments, **named) * times

    made: Any = answer
    signature = inspect.signature(handler)
    more = inspect.Parameter("times", inspect.Parameter.KEYWORD_ONLY, default=2, annotation=int)
    made.__signature__ = signature.replace(parameters=[*signature.parameters.values(), more])
    made.__annotations__ = {**handler.__annotations__, "times": int}
    return made


def plain(handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    async def answer(*arguments: Any, **named: Any) -> Any:
        return await handler(*arguments, **named)

    return answer


def test_a_decorator_may_add_a_parameter_and_the_types_of_the_others_stay() -> None:
    app = App("words")

    @app.get("/{word}")
    @plain
    @counted
    @plain
    async def say(word: str, number: int = 1) -> str:
        assert type(number) is int
        return f"{word}{number} "

    client = Client(app)
    assert client.get("/a").text == "a1 a1 "
    assert client.get("/a?times=3&number=4").text == "a4 a4 a4 "
    assert client.get("/a?times=x").status == 422
    assert client.get("/a?number=x").status == 422

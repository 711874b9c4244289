"""Single values of the query and of forms, for code without parameters."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import pytest

from segue import App, Meta, Request, Struct, argument, form_argument
from segue.testing import Client


class Area(Struct):
    width: int


def asked(query: str, *arguments: Any, **named: Any) -> Any:
    app = App()
    taken: list[Any] = []

    @app.get("/")
    async def index(request: Request) -> None:
        taken.append(argument(request, *arguments, **named))

    reply = Client(app).get(f"/?{query}")
    return taken[0] if reply.status == 204 else reply


PAGE = Annotated[int, Meta(ge=1, le=9)]


@pytest.mark.row("FC11")
@pytest.mark.parametrize(
    ("query", "arguments", "named", "value"),
    [
        ("a=x", ("a",), {}, "x"),
        ("", ("a",), {"default": None}, None),
        ("a=3", ("a", PAGE), {}, 3),
        ("", ("a", PAGE), {"default": 1}, 1),
        ("a=1.5", ("a", float), {}, 1.5),
        ("a=on", ("a", bool), {}, True),
        (f"a={UUID(int=1)}", ("a", UUID), {}, UUID(int=1)),
        ("a=2020-01-02", ("a", date), {}, date(2020, 1, 2)),
        ("a=1&a=2", ("a", list[int]), {}, [1, 2]),
        ("", ("a", list[int]), {"default": []}, []),
        ("a=1,2", ("a", list[int]), {"split": ","}, [1, 2]),
        ("a=", ("a", list[int]), {"split": ","}, []),
        ('a={"width":3}', ("a", Area), {}, Area(3)),
        ('a={"x":[3]}', ("a", dict), {}, {"x": [3]}),
        ("", ("a", Area), {"default": None}, None),
    ],
)
def test_a_value_of_any_type(query: str, arguments: Any, named: Any, value: Any) -> None:
    assert asked(query, *arguments, **named) == value


@pytest.mark.row("FC11")
@pytest.mark.parametrize(
    ("query", "arguments", "named", "message"),
    [
        ("", ("page",), {}, "is missing"),
        ("page=0", ("page", PAGE), {}, "Expected `int` >= 1"),
        ("page=10", ("page", PAGE), {"default": 1}, "Expected `int` <= 9"),
        ("page=x", ("page", UUID), {}, "Invalid UUID"),
        ("page=1,x", ("page", list[int]), {"split": ","}, "Expected `int`, got `str`"),
        ("page={", ("page", Area), {}, "Input data was truncated"),
        ('page={"width":"x"}', ("page", Area), {}, "Expected `int`, got `str`"),
    ],
)
def test_a_bad_one_is_a_400_that_names_it(query: str, arguments: Any, named: Any, message: str) -> None:
    reply = asked(query, *arguments, **named)
    assert (reply.status, reply.json()["detail"]) == (400, f"Invalid parameter 'page': {message}")
    assert reply.json()["errors"] == [{"loc": ["query", "page"], "msg": message}]


def test_fields_of_a_form() -> None:
    app = App()

    @app.post("/")
    async def index(request: Request) -> list[Any]:
        return [
            await form_argument(request, "name"),
            await form_argument(request, "n", int),
            await form_argument(request, "tag", list[str]),
            await form_argument(request, "no", default=7),
        ]

    client = Client(app)
    form = [("name", "a"), ("n", "3"), ("tag", "x"), ("tag", "y")]
    assert client.post("/", data=form).json() == ["a", 3, ["x", "y"], 7]
    reply = client.post("/", data={"n": "3"})
    assert (reply.status, reply.json()["errors"]) == (400, [{"loc": ["form", "name"], "msg": "is missing"}])

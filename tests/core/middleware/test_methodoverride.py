"""A POST that stands for another method."""

from typing import Any

import pytest

from segue import App, MethodOverride, Request
from segue.testing import Client


def app_with(**options: Any) -> App:
    app = App()
    app.middleware(MethodOverride(**options))

    @app.any("/films/{id:int}")
    async def film(request: Request, id: int) -> list[Any]:
        return [request.method, (await request.body()).decode()]

    return app


def post(app: App, target: str = "/films/7", method: str = "POST", **more: Any) -> Any:
    with Client(app) as client:
        return client.request(method, target, **more)


def test_a_header_a_query_or_a_form_says_the_method() -> None:
    app = app_with()
    assert post(app, headers={"X-HTTP-Method-Override": "delete"}).json() == ["DELETE", ""]
    assert post(app, "/films/7?_method=PATCH", content=b"x").json() == ["PATCH", "x"]
    assert post(app, data={"_method": "PUT", "a": "b"}).json() == ["PUT", "_method=PUT&a=b"]
    assert post(app, data={"a": "b"}).json() == ["POST", "a=b"]
    assert post(app).json() == ["POST", ""]


def test_only_a_post_stands_for_anything_and_only_for_what_is_allowed() -> None:
    app = app_with(methods=["DELETE"])
    assert post(app, "/films/7?_method=DELETE", "GET").json()[0] == "GET"
    assert post(app, headers={"x-http-method-override": "DELETE"}).json()[0] == "DELETE"
    for wrong in ("GET", "PUT", "CONNECT", "x" * 100):
        assert post(app, headers={"x-http-method-override": wrong}).status == 400


@pytest.mark.parametrize("name", ["header", "field"])
def test_each_of_the_two_ways_may_be_shut(name: str) -> None:
    app = app_with(**{name: None})
    by_header = post(app, headers={"x-http-method-override": "DELETE"}).json()[0]
    by_field = post(app, data={"_method": "DELETE"}).json()[0]
    assert (by_header, by_field) == (("POST", "DELETE") if name == "header" else ("DELETE", "POST"))

"""A class for each request, in the way of those who come from Tornado: prepared, finished, with arguments to ask for."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from segue import (
    App,
    HTTPError,
    JSONObjects,
    Next,
    Request,
    Response,
    argument,
    around,
    before,
    form_argument,
)
from segue.testing import Client


class Handler:
    """What all handlers of this app have in common."""

    log: ClassVar[list[str]] = []

    def __init__(self, request: Request) -> None:
        self.request = request

    async def prepare(self) -> None:
        self.user = self.request.headers.get("x-user", "nobody")
        self.request.after(self.on_finish)

    def on_finish(self) -> None:
        self.log.append(f"{self.request.method} {self.user} finished")


async def errors_of_the_class(request: Request, next: Next) -> Response:
    try:
        return await next(request)
    except HTTPError as error:
        return Response(b"wrong: " + error.detail.encode(), error.status, None, "text/plain")


def shop() -> App:
    app = App(headers={"x-by": "shop"})
    app.middleware(JSONObjects())
    Handler.log.clear()

    @app.resource("/search", headers={"x-kind": "search"})
    @before(Handler.prepare)
    class Search(Handler):
        async def get(self) -> dict[str, Any]:
            return {
                "q": argument(self.request, "q"),
                "tags": argument(self.request, "tag", list[str], default=[]),
                "user": self.user,
            }

        async def post(self) -> dict[str, Any]:
            return {
                "body": await form_argument(self.request, "q"),
                "query": argument(self.request, "q", default=None),
            }

        async def put(self) -> list[str]:
            return ["no object"]

    @app.resource("/own-errors")
    @around(errors_of_the_class)
    class Own(Handler):
        async def get(self) -> str:
            return argument(self.request, "q")

    return app


@pytest.mark.row("TO5")
def test_arguments_methods_headers_preparation_and_the_end() -> None:
    with Client(shop()) as client:
        reply = client.get("/search?q=jazz&tag=a&tag=b", headers={"x-user": "django"})
        assert reply.json() == {"q": "jazz", "tags": ["a", "b"], "user": "django"}
        assert (reply.headers["x-by"], reply.headers["x-kind"]) == ("shop", "search")
        assert Handler.log == ["GET django finished"]
        assert client.post("/search?q=of-query", data={"q": "of-body"}).json() == {
            "body": "of-body",
            "query": "of-query",
        }

        missing = client.get("/search")
        assert (missing.status, missing.json()["errors"][0]["loc"]) == (400, ["query", "q"])
        assert client.post("/search", data={}).status == 400
        unsupported = client.delete("/search")
        assert (unsupported.status, unsupported.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST, PUT")
        own = client.get("/own-errors")
        assert (own.status, own.text) == (400, "wrong: Invalid parameter 'q': is missing")

        with pytest.raises(TypeError, match=r"Search \(.*\) answered JSON that is no object"):
            client.put("/search")

"""The plugin and the options that describe a route, as type checkers see them. Never run."""

from typing import Any, assert_type

from segue import App, Struct
from segue.openapi import About, OpenAPI, describe
from segue.openapi.clients import python_client, typescript_client


class Film(Struct):
    title: str


hooks = App("hooks")
app = App(
    "films",
    plugins=[
        OpenAPI("Films", "1.0", at="/v1", servers=["https://api.example.com"], webhooks=hooks),
        OpenAPI("Films", "2.0", security={"key": {"type": "http", "scheme": "basic"}}),
    ],
    tags=["films"],
)


@app.post(
    "/films",
    summary="Adds a film",
    deprecated=True,
    responses={409: "There is one."},
    examples={"body": Film("Nuages")},
    callbacks={"{$request.query.url}": hooks},
    security=["key"],
)
async def add(film: Film) -> Film:
    return film


@app.get("/", documented="no")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
async def home() -> str:
    return ""


OpenAPI("Films")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
assert_type(describe(app.plan, About(title="Films", version="1")), dict[str, Any])
assert_type(python_client({}), str)
assert_type(typescript_client({}), str)

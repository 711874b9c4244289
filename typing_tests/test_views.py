"""Predicates, views of resources, routers: what the checkers know about them; never run."""

from collections.abc import Callable, Mapping
from typing import Any, assert_type

from segue import (
    App,
    AutoVary,
    MethodOverride,
    Predicate,
    Request,
    Response,
    all_of,
    any_of,
    find_parent,
    not_,
    part,
    resource_url,
    subrequest,
    traversed,
)

app = App(accept_order=["text/html"], permission="read", cache=60)
app.middleware(MethodOverride(header=None))
app.middleware(AutoVary())


class Folder:
    def __getitem__(self, name: str) -> "Folder":
        raise NotImplementedError


def is_robot(request: Request) -> bool:
    raise NotImplementedError


async def has_title(request: Request) -> bool:
    raise NotImplementedError


@app.get("/a", accept="text/html", param={"mode": "edit"}, header="x", xhr=True, when=[is_robot, has_title])
async def page(id: int) -> str:
    raise NotImplementedError


@app.get("/b", when=any_of(not_(is_robot, xhr=True), all_of(has_title, param="x")))
async def other() -> str:
    raise NotImplementedError


assert_type(not_(xhr=True), Predicate)
app.get("/c", param=3)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
app.get("/c", when="robot")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
app.get("/c", nearly="x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


@app.view(context=Folder, name="edit", methods=["POST"], permission="edit", inside=Folder, param="x")
async def edit(context: Folder, subpath: tuple[str, ...]) -> str:
    raise NotImplementedError


app.traverse("/docs", Folder, name="docs", virtual_root="/a")
app.traverse("/docs", Folder(), virtual_root=lambda request: request.host)
app.view(names="edit")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]


@app.permits
async def permits(request: Request, permission: str, context: Any) -> bool:
    raise NotImplementedError


app.permits(lambda request: True)  # type: ignore[misc, arg-type] # pyright: ignore[reportArgumentType]


@app.url_values
def take(request: Request, values: dict[str, Any]) -> None: ...


@app.url_defaults
def give(request: Request | None) -> dict[str, Any]:
    raise NotImplementedError


class ByName:
    def handlers(self) -> Mapping[str, Callable[..., Any]]:
        raise NotImplementedError

    def find(self, request: Request, path: str) -> str | None:
        raise NotImplementedError


app.router("/old", ByName())
app.router("/old", object())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
app.redirect("/a", "/b", status=307)


async def inside(request: Request, folder: Folder) -> None:
    assert_type(await part(request, "/x"), str)
    assert_type(await subrequest(request, "/x", method="POST", content=b""), Response)
    assert_type(resource_url(request, folder, "edit"), str)
    assert_type(find_parent(folder, Folder), Folder | None)
    assert_type(traversed(request).view_name, str)

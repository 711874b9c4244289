"""Styles of writing handlers: what the checkers know about resources, trees, folders and hooks; never run."""

from collections.abc import Callable
from typing import Any, assert_type

from segue import (
    App,
    Args,
    Extension,
    Header,
    Next,
    Request,
    Response,
    RestController,
    Struct,
    UnprocessableContent,
    after,
    around,
    before,
    expose,
    invalid,
    options,
    popargs,
    wrap,
)

app = App("styles")


class Film(Struct):
    title: str


async def signed_in(request: Request, authorization: Header[str] = "") -> Response | None:
    assert_type(authorization, str)
    return None


def stamp(response: Response) -> None: ...


async def timing(request: Request, next: Next) -> Response:
    return await next(request)


def again(error: UnprocessableContent) -> str:
    return str(error.errors)


def logged(handler: Callable[..., Any]) -> Callable[..., Any]:
    return handler


# A class stays the class, with or without hooks.
@app.resource("/films/{id:int}", status=200, timeout=5)
@before(signed_in)
@after(stamp)
class Films:
    def __init__(self, name: str = "") -> None:
        self.name = name

    @options(status=201)
    @invalid(again)
    async def post(self, id: int, film: Film) -> Film:
        return film

    @around(timing)
    def get(self, id: int) -> str:
        return self.name


assert_type(Films("x"), Films)
assert_type(Films().get(1), str)
films = app.resource("/other", suffix="collection", per_request=True)(Films("y"))
assert_type(films, Films)
app.hook(Films, before(signed_in, in_thread=True), wrap(logged))
app.hook(Films.get, after(stamp))


# A method stays the method.
@popargs("band")
class Band:
    @expose
    def index(self, band: str = "") -> str:
        return band

    @expose(["generer"], methods=["GET"], inherit=True, status=201)
    async def generate(self, *args: str, **params: str) -> int:
        return len(args)

    @expose("json", "csv")
    def report(self, year: int = 2026) -> list[Film]:
        return []


class Rest(RestController):
    @expose
    def get_one(self, id: int) -> Film:
        return Film("x")


@expose
class Things:
    def GET(self) -> str:  # noqa: N802 -- a method of HTTP
        return ""


assert_type(Band().index("x"), str)
assert_type(Band().report(), list[Film])
assert_type(Rest().get_one(1), Film)
assert_type(Things().GET(), str)
app.tree("/", Band(), name="band", host="b.test")
app.folder("controllers", at="/app", timeout=3)


def show(args: Args, extension: Extension) -> str:
    assert_type(args, list[str])
    assert_type(extension, str)
    return extension


# What is not an option, a path or a hook is refused.
app.resource("/x", colour="red")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
app.resource(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
app.tree("/", Band(), depth=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
app.hook(Films, signed_in)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
before("signed_in")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
around(signed_in)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

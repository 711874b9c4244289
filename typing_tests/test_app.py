"""Declaring an app: what the checkers know about it; never run."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, assert_type

from segue import (
    App,
    Body,
    Cookie,
    File,
    Form,
    Header,
    JSONLines,
    Meta,
    Named,
    Next,
    NotFound,
    Query,
    Request,
    Response,
    Struct,
    UploadFile,
    WebSocket,
    get,
    run,
    wait,
)

app = App("films", debug=True, timeout=5.0, slashes="strict")


class Film(Struct):
    title: str
    year: Annotated[int, Meta(ge=1888)] = 2000


class Page(Struct):
    page: int = 1


# A marked parameter is of its plain type, and so is its default.
@app.get("/films/{id:int}", name="films.show", status=200, on_disconnect="cancel", timeout=None)
async def show(  # noqa: PLR0917
    id: int,
    q: Query[str] = "",
    page: Query[Page | None] = None,
    n: Query[Annotated[int, Meta(ge=1)]] = 1,
    user_agent: Header[str] = "",
    token: Header[Annotated[str, Named("X-Token")]] = "",
    visits: Cookie[int] = 0,
) -> Film:
    assert_type(q, str)
    assert_type(page, Page | None)
    assert_type(n, int)
    assert_type(user_agent, str)
    assert_type(token, str)
    assert_type(visits, int)
    if not id:
        raise NotFound("no such film")
    return Film(title=q)


@app.post("/films", max_body=None)
def create(
    film: Film, raw: Body[bytes], picture: File, more: list[File], name: Form[str], entry: Form[Film]
) -> None:
    assert_type(raw, bytes)
    assert_type(picture, UploadFile)
    assert_type(more, list[UploadFile])
    assert_type(entry, Film)


# A decorator leaves the handler as it is.
direct: Callable[..., Awaitable[Film]] = show
assert_type(create.__name__, str)


@app.get("/lines")
async def lines() -> JSONLines[Film]:
    yield Film("x")


@app.get("/rows")
async def rows() -> AsyncIterator[str]:
    yield "x"


@app.middleware
async def timing(request: Request, next: Next) -> Response:
    response = await next(request)
    assert_type(response, Response)
    return response


@app.error_handler(NotFound)
async def lost(request: Request, error: NotFound) -> str:
    return error.detail


@app.websocket("/chat/{room}", origins=["https://example.com"])
async def chat(socket: WebSocket, room: str) -> None:
    await socket.send(room)


@get("/")
def index() -> str:
    return "x"


async def number() -> int:
    return 1


assert_type(wait(number()), int)
assert_type(app.url_for("films.show", id=3), str)
app.include(App("blog"), at="/blog", host="{tenant}.example.com", name="blog")
run(port=8000)

# Mistakes that the checkers find.
app.get("/x", slashes="sometimes")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
app.get("/x", nonsense=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
app.get("/x", timeout="5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
App(name=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@app.get("/wrong")
async def wrong(n: Query[int] = "one") -> None: ...  # type: ignore[assignment] # pyright: ignore[reportArgumentType]


@app.middleware  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
async def no_middleware(request: Request) -> Response:
    return Response()

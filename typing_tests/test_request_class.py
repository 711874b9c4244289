"""Requests of a class of one's own, typed through: what the checkers know about them; never run."""

from collections.abc import Mapping
from typing import Any, assert_type

from segue import App, Next, Request, Response, find_app


class User:
    name = "django"


class FilmRequest(Request):
    user: User | None = None

    @property
    def page(self) -> int:
        return int(self.query.get("page", "1"))


app = App("films", request=FilmRequest, debug=True)
assert_type(app, App[FilmRequest])
assert_type(app.copy("other"), App[FilmRequest])
plain = App("plain")
assert_type(plain, App[Request])


@app.get("/")
async def index(request: FilmRequest) -> str:
    assert_type(request.page, int)
    return request.user.name if request.user else ""


@app.middleware
async def who(request: FilmRequest, next: Next) -> Response:
    request.user = User()
    return await next(request)


@app.middleware(before="cors")
async def with_more(request: FilmRequest, next: Next, user: User) -> Response:
    return await next(request)


async def general(request: Request, next: Next) -> Response:
    return await next(request)


app.middleware(general)


@app.before
async def only(request: FilmRequest) -> Response | None:
    return None if request.user else Response("", 403)


@app.after
def pages(request: FilmRequest, response: Response) -> None:
    response.headers["x-page"] = str(request.page)


@app.teardown
def done(request: FilmRequest, error: Exception | None) -> None: ...


@app.url_values
def values(request: FilmRequest, values: dict[str, Any]) -> None: ...


@app.url_defaults
def defaults(request: FilmRequest | None) -> Mapping[str, object]:
    return {"page": request.page} if request else {}


@app.permits
async def permits(request: FilmRequest, permission: str, context: object) -> bool:
    return request.user is not None


with app.test_request("/") as made_up:
    assert_type(made_up, FilmRequest)


def needs_any(given: App) -> None:
    given.middleware(general)


def needs_films(given: App[FilmRequest]) -> None:
    given.middleware(who)


needs_any(app)  # what takes a Request takes a FilmRequest
needs_films(app)
needs_films(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
plain.middleware(who)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
plain.before(only)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
plain.permits(permits)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
App(request=User)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
assert_type(find_app("films"), App)

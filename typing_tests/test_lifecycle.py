"""Signals and hooks: what the checkers know about them; never run."""

from collections.abc import Callable
from typing import Any, assert_type

from segue import App, AppStarted, Request, RequestFinished, Response, ResponseReady, Secret, Struct

app = App()


class Created(Struct):
    name: str


@app.on(Created)
async def greet(signal: Created) -> str:
    return signal.name


@app.on(AppStarted)
def warm_up() -> None: ...


@app.on(RequestFinished, when=lambda signal: signal.seconds > 1, before=greet, after="warm_up")
def slow(signal: RequestFinished) -> None:
    assert_type(signal.response, Response | None)


@app.on(ResponseReady)  # type: ignore[arg-type]  # it receives another signal
def wrong(signal: Created) -> None: ...


@app.on("user.{thing}.created")
async def created(thing: str, user: str) -> None: ...


assert_type(created("a", "b").__await__().__next__(), Any)


@app.before
async def gate(request: Request) -> Response | None:
    return None


@app.after
def dress(request: Request, response: Response) -> None: ...


@app.on(RequestFinished, where={"beta": True}, when=lambda signal: signal.seconds > 1)
def slow_beta(signal: RequestFinished) -> None: ...


@app.after  # type: ignore[arg-type]  # it takes the response too
def lacks(request: Request) -> None: ...


@app.teardown
async def close(request: Request, error: Exception | None) -> None: ...


@app.teardown
def close_too(request: Request) -> None: ...


async def waits() -> None:
    assert_type(await app.event(Created, timeout=5, when=lambda signal: signal.name == "x"), Created)
    assert_type(await app.event("user.created"), dict[str, Any])
    assert_type(await app.emit(Created("x")), list[Any])


hook: Callable[[Request], Any] = gate


class Keys(Struct):
    key: Secret[str]


keys = app.settings(Keys, "keys")
assert_type(keys, Keys)
assert_type(keys.key.reveal(), str)

"""What type checkers know about commands, checks and what an app consists of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_type

from segue import App, inspect_app
from segue.core.inspection.checks import Finding, check_app
from segue.core.inspection.overview import RouteInfo
from segue.debug import Debugger, Toolbar

app = App(plugins=[Debugger(), Toolbar()])


@app.command
async def hello(name: str, times: int = 1) -> str:
    return name * times


@app.command(name="bye", group="users", lifespan=False)
def goodbye(name: str) -> None: ...


@app.check
def named(app: App) -> Iterator[Finding | str]:
    yield Finding("app.py", 1, "odd", "it is odd")


kept: Callable[[str], None] = goodbye
wrong: Callable[[int], None] = goodbye  # type: ignore[assignment] # a command stays the function that it is
app.command(lifespan="no")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]


async def calls() -> None:
    assert_type(await hello("Django", times=2), str)
    await hello(2)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert_type(inspect_app(app).routes, list[RouteInfo])
    assert_type(inspect_app(app).routes[0].parameters[0].required, bool)
    assert_type(check_app(app), list[Finding])

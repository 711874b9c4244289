"""Plugins, keys and composition as type checkers see them."""

from typing import assert_type

from segue import App, AppKey, Next, Plugin, Request, Response, Setup, discovered

COUNT = AppKey[int]("count")
app = App()
app[COUNT] = 3
app[COUNT] = "three"  # type: ignore[misc]  # pyright: ignore[reportArgumentType]
assert_type(app[COUNT], int)
assert_type(app.copy("other", version=2), App)


class Good:
    name = "good"
    needs = ("other",)

    def setup(self, to: Setup) -> None:
        assert_type(to.app, App)
        assert_type(to.app[COUNT], int)

        @to.get("/")
        async def index() -> str:
            return ""

        @to.middleware(after=["sessions", Good], before=index)
        async def around(request: Request, next: Next) -> Response:
            return await next(request)

        to.middleware(around)
        to.directive("menu", self.menu, key=lambda label: label)

    def menu(self, to: Setup, label: str) -> None: ...


class Nameless:
    def setup(self, to: Setup) -> None: ...


class Bare:
    name = "bare"


plugin: Plugin = Good()
App(plugins=[Good(), *discovered()])
App(plugins=[Nameless()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
App(plugins=[Bare()])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]

inner = App("inner", version=1, headers={"x-a": "1"})
app.include(inner, at="/in", name="other", timeout=3, host="{tenant}.example.com")
app.include(inner, unknown=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def plain(request: Request) -> Response:
    return Response(b"")


app.middleware(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]


@app.get("/x", skip=["good"], middleware=[Good], version="2")  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
async def handler() -> str:
    return ""

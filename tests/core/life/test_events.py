"""What a request passes on its way is told: the walk through a tree, its end, and the result that is to be rendered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from segue import (
    App,
    AppStarted,
    AppStarting,
    ContextFound,
    Request,
    RequestFinished,
    RequestRouted,
    RequestSignal,
    RequestStarted,
    Response,
    ResponseReady,
    ResultRendering,
    Struct,
    TraversalStarted,
    traversed,
)
from segue.core.plan import FreezeError
from segue.testing import Client

Serve = Callable[[Any], Any]


class Page:
    def __init__(self, title: str) -> None:
        self.title = title


class Folder:
    def __init__(self, **inside: Any) -> None:
        self.inside = inside

    def __getitem__(self, name: str) -> Any:
        return self.inside[name]


class Published(Struct):
    title: str


def site() -> tuple[App, list[str]]:
    app = App("site")
    told: list[str] = []
    root = Folder(docs=Folder(page=Page("Nuages")))
    app.traverse("/tree", root)

    @app.view(context=Page)
    async def show(context: Page) -> dict[str, str]:
        told.append("view")
        return {"title": context.title}

    @app.get("/route")
    def route() -> tuple[dict[str, str], int]:
        told.append("handler")
        return {"title": "Minor Swing"}, 202

    @app.get("/response")
    async def response() -> Response:
        return Response("x")

    @app.on(AppStarting)
    def created(signal: AppStarting) -> None:
        told.append(f"created {signal.app.name} {len(signal.app.plan.endpoints)}")

    @app.on(RequestStarted)
    def started(signal: RequestStarted) -> None:
        told.append("request")

    @app.on(TraversalStarted)
    def walking(signal: TraversalStarted) -> None:
        assert signal.root is root
        told.append("before traversal")

    @app.on(ContextFound)
    async def found(signal: ContextFound) -> None:
        where = traversed(signal.request)
        assert where.context is signal.context
        told.append(f"context {'/'.join(where.names)}")

    @app.on(ResultRendering, when=lambda signal: isinstance(signal.result, dict))
    def rendering(signal: ResultRendering) -> None:
        signal.result["site"] = app.name
        told.append("before render")

    @app.on(ResponseReady)
    def ready(signal: ResponseReady) -> None:
        signal.response.headers["x-told"] = "yes"
        told.append("response")

    return app, told


@pytest.mark.row("PY-18")
def test_the_events_of_an_app_and_of_requests_own_ones_and_predicates_for_receivers(serve: Serve) -> None:
    app, told = site()
    # Predicates that receivers name, with a value each.
    app.predicate("path", lambda wanted: lambda request: request.path.startswith(wanted))

    async def asks(request: Request) -> bool:
        await asyncio.sleep(0)
        return "beta" in request.query

    app.predicate("beta", lambda wanted: lambda request: _same(asks(request), wanted))
    app.predicate("longer", lambda wanted: lambda signal: len(signal.title) > wanted)
    app.predicate("user", lambda wanted: lambda values: values["user"] == wanted)

    @app.on(RequestStarted, where={"path": "/tree", "beta": True})
    def beta(signal: RequestStarted) -> None:
        told.append("beta in the tree")

    @app.on(ResponseReady, where={"path": "/route"}, when=lambda signal: signal.response.status == 202)
    def accepted(signal: ResponseReady) -> None:
        told.append("accepted")

    # Events of one's own: classes and topics.
    @app.on(Published, where={"longer": 6})
    def long(signal: Published) -> str:
        return f"long: {signal.title}"

    @app.on(Published)
    async def any_title(signal: Published) -> str:
        return signal.title

    @app.on("film.{thing}.sold", where={"user": "django"})
    def sold(thing: str, user: str) -> str:
        return f"{thing} by {user}"

    @app.post("/publish/{title}")
    async def publish(title: str) -> list[Any]:
        return [
            *await app.emit(Published(title)),
            *await app.emit("film.ticket.sold", user="django"),
            *await app.emit("film.poster.sold", user="stephane"),
        ]

    ask = serve(app)

    def steps() -> list[str]:
        taken, told[:] = list(told), []
        return taken

    answer = ask.get("/tree/docs/page")
    assert json.loads(answer.body) == {"title": "Nuages", "site": "site"}
    assert answer.headers["x-told"] == "yes"
    created, *others = steps()
    assert created.startswith("created site ")
    assert others == [
        "request",
        "before traversal",
        "context docs/page",
        "view",
        "before render",
        "response",
    ]
    assert ask.get("/tree/docs/page?beta").status == 200
    assert steps()[:2] == ["request", "beta in the tree"]
    # Where the walk ends, and nothing is there for it: the context was found, no view.
    assert ask.get("/tree/docs/nothing").status == 404
    assert steps() == ["request", "before traversal", "context docs", "response"]
    # A route has no context; its result, with a status beside it, is rendered as well.
    answer = ask.get("/route?beta")
    assert (answer.status, json.loads(answer.body)) == (202, {"title": "Minor Swing", "site": "site"})
    assert steps() == ["request", "handler", "before render", "response", "accepted"]
    # Who returns a response has rendered it already.
    assert ask.get("/response").text == "x"
    assert steps() == ["request", "response"]
    assert json.loads(ask("POST", "/publish/swing").body) == [None, "swing", "ticket by django", None]
    assert json.loads(ask("POST", "/publish/nuages+2").body)[0] == "long: nuages+2"


async def _same(held: Awaitable[bool], wanted: bool) -> bool:
    return await held is wanted


def test_a_result_may_be_replaced_wherever_the_handler_runs(serve: Serve) -> None:
    app = App()

    class Store:
        pass

    def store() -> Iterator[Store]:  # made in the thread of the handler
        yield Store()

    app.provide(Store, store)

    @app.on(ResultRendering)
    async def shout(signal: ResultRendering) -> None:
        if isinstance(signal.result, str):
            signal.replace(signal.result.upper())

    @app.get("/loop")
    async def loop() -> str:
        return "nuages"

    @app.get("/thread")
    def thread() -> str:
        return "nuages"

    @app.get("/provided")
    def provided(store: Store) -> str:
        return "nuages"

    @app.get("/inline", inline=True)
    def inline() -> tuple[str, int, dict[str, str]]:
        return "nuages", 201, {"x-a": "1"}

    @app.get("/later")
    def later() -> Awaitable[str]:
        return loop()

    @app.get("/stream")
    async def stream() -> Any:
        yield "nuages"

    ask = serve(app)
    for path in ("/loop", "/thread", "/provided", "/inline"):
        assert ask.get(path).text == "NUAGES", path
    assert ask.get("/inline").headers["x-a"] == "1"
    assert ask.get("/stream").text == "nuages"
    assert ask.get("/later").text == "nuages"


def test_an_included_app_hears_of_its_own_and_nobody_else_pays(serve: Serve) -> None:
    inner, outer = App("inner"), App("outer")
    heard: list[str] = []
    for app in (inner, outer):
        app.get("/film")(_film)
    inner.on(ResultRendering)(lambda signal: heard.append(f"inner {signal.request.path}"))
    outer.include(inner, at="/in")
    ask = serve(outer)
    ask.get("/film")
    ask.get("/in/film")
    assert heard == ["inner /in/film"]
    plain, told = [
        next(one for one in outer.plan.endpoints if one.path == path) for path in ("/film", "/in/film")
    ]
    assert "rendering" not in plain.source
    assert "await rendering(" in told.source


async def _film() -> dict[str, str]:
    return {"title": "Nuages"}


def test_a_receiver_of_all_hears_of_these_too_and_a_predicate_that_is_not_there_is_told() -> None:
    app, _ = site()
    kinds: list[str] = []
    app.on(RequestSignal)(lambda signal: kinds.append(type(signal).__name__))
    with Client(app) as client:
        client.get("/tree/docs/page")
    assert kinds == [
        RequestStarted.__name__,
        RequestRouted.__name__,
        TraversalStarted.__name__,
        ContextFound.__name__,
        ResultRendering.__name__,
        ResponseReady.__name__,
        RequestFinished.__name__,
    ]
    wrong = App()
    wrong.on(AppStarted, where={"nowhere": 1})(lambda: None)
    with pytest.raises(FreezeError, match=r"test_events.py:\d+: there is no predicate 'nowhere', but: none"):
        wrong.freeze()


def test_predicates_of_the_app_around_are_known_and_one_inside_may_have_its_own(serve: Serve) -> None:
    inner, outer = App("inner"), App("outer")
    heard: list[str] = []
    outer.predicate("big", lambda wanted: lambda request: "big" in request.query)
    inner.on(RequestRouted, where={"big": True})(lambda signal: heard.append(signal.request.path))
    inner.get("/")(_film)
    outer.include(inner, at="/one")
    outer.include(inner, at="/two", name="again")
    ask = serve(outer)
    for path in ("/one/", "/one/?big", "/two/?big"):
        assert ask.get(path).status == 200
    assert heard == ["/one/", "/two/"]

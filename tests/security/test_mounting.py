"""Apps of five other frameworks, mounted: they share the session, the user, the CSRF guard, the lifespan and the log."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from segue import App, Request
from segue.security import MemorySessions, Session, Sessions
from segue.testing import LiveServer

Mounted = Callable[[list[str]], Any]


class User(msgspec.Struct):
    id: str
    principals: list[str] = []


def flask_app(log: list[str]) -> Any:
    import flask

    from segue.security.mounted.flask import SharedSessions

    app = flask.Flask("legacy")
    app.session_interface = SharedSessions()

    @app.get("/show")
    def show() -> Any:
        return {"theme": flask.session["theme"], "user": flask.request.remote_user}

    @app.post("/visit")
    def visit() -> Any:
        flask.session["visits"] = flask.session.get("visits", 0) + 1
        return {"visits": flask.session["visits"]}

    @app.post("/logout")
    def logout() -> Any:
        flask.session.clear()
        return {}

    @app.get("/broken")
    def broken() -> Any:
        raise KeyError("broken")

    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


def bottle_app(log: list[str]) -> Any:
    import bottle

    app = bottle.Bottle()
    app.config["catchall"] = False

    @app.get("/show")
    def show() -> Any:
        return {"theme": bottle.request.environ["segue.session"]["theme"], "user": bottle.request.auth[0]}

    @app.post("/visit")
    def visit() -> Any:
        session = bottle.request.environ["segue.session"]
        session["visits"] = session.get("visits", 0) + 1
        return {"visits": session["visits"]}

    @app.post("/logout")
    def logout() -> Any:
        bottle.request.environ["segue.session"].clear()
        return {}

    @app.get("/broken")
    def broken() -> Any:
        raise KeyError("broken")

    return app


def cherrypy_app(log: list[str]) -> Any:
    import cherrypy

    class Root:
        @cherrypy.expose
        @cherrypy.tools.json_out()
        def show(self) -> Any:
            request = cherrypy.request
            return {"theme": request.wsgi_environ["segue.session"]["theme"], "user": request.login}

        @cherrypy.expose
        @cherrypy.tools.json_out()
        def visit(self) -> Any:
            session = cherrypy.request.wsgi_environ["segue.session"]
            session["visits"] = session.get("visits", 0) + 1
            return {"visits": session["visits"]}

        @cherrypy.expose
        @cherrypy.tools.json_out()
        def logout(self) -> Any:
            cherrypy.request.wsgi_environ["segue.session"].clear()
            return {}

        @cherrypy.expose
        @cherrypy.config(**{"request.throw_errors": True})
        def broken(self) -> Any:
            raise KeyError("broken")

    cherrypy.config.update({"environment": "embedded", "log.screen": False})
    return cherrypy.Application(Root(), None)


def django_app(log: list[str]) -> Any:
    import django
    from django.conf import settings
    from django.core.wsgi import WSGIHandler
    from django.http import HttpRequest, JsonResponse
    from django.test.utils import override_settings
    from django.urls import clear_url_caches, path

    def show(request: HttpRequest) -> Any:
        return JsonResponse({"theme": request.session["theme"], "user": request.META["REMOTE_USER"]})

    def visit(request: HttpRequest) -> Any:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return JsonResponse({"visits": request.session["visits"]})

    def logout(request: HttpRequest) -> Any:
        request.session.flush()
        return JsonResponse({})

    def broken(request: HttpRequest) -> Any:
        raise KeyError("broken")

    views = {"show": show, "visit": visit, "logout": logout, "broken": broken}
    module = type("urls", (), {"urlpatterns": [path(name, view) for name, view in views.items()]})
    if not settings.configured:
        settings.configure(DEBUG=False, ALLOWED_HOSTS=["*"], SECRET_KEY="x" * 50, USE_TZ=True)
        django.setup()
    changed = {
        "ROOT_URLCONF": module,
        "MIDDLEWARE": ["segue.security.mounted.django.SharedSessionMiddleware"],
        "DEBUG_PROPAGATE_EXCEPTIONS": True,
    }
    override = override_settings(**changed)
    override.enable()
    clear_url_caches()
    app = WSGIHandler()
    log.append("django")
    _overrides.append(override)
    return app


_overrides: list[Any] = []


def fastapi_app(log: list[str]) -> Any:
    import fastapi

    @asynccontextmanager
    async def live(_: Any) -> AsyncIterator[None]:
        log.append("started")
        yield
        log.append("ended")

    app = fastapi.FastAPI(lifespan=live)

    async def show(request: Any) -> Any:
        return {"theme": request.session["theme"], "user": request.user.id}

    async def visit(request: Any) -> Any:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return {"visits": request.session["visits"]}

    async def logout(request: Any) -> Any:
        request.session.clear()
        return {}

    async def broken(request: Any) -> Any:
        raise KeyError("broken")

    for function in (show, visit, logout, broken):
        function.__annotations__ = {"request": fastapi.Request}
        method = app.post if function in (visit, logout) else app.get
        method(f"/{function.__name__}", response_model=None)(function)
    return app


@pytest.mark.row("BEY-8")
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=pytest.mark.requires(name))
        for name, make in {
            "flask": flask_app,
            "django": django_app,
            "fastapi": fastapi_app,
            "bottle": bottle_app,
            "cherrypy": cherrypy_app,
        }.items()
    ],
)
def test_a_mounted_app_shares_what_ours_has(
    make: Mounted, key: str, ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    log: list[str] = []
    foreign = make(log)
    app = App(plugins=[Sessions(MemorySessions(), key=key)])

    @app.identifies
    async def who(request: Request) -> User:
        return User("django")

    @app.post("/theme/{name}")
    async def theme(session: Session, name: str) -> None:
        session["theme"] = name

    @app.get("/mine")
    async def mine(session: Session) -> dict[str, Any]:
        return dict(session)

    app.mount("/legacy", foreign)
    answered: list[tuple[str, int]] = []

    def note(request: Request, status: int, *_: Any) -> None:
        answered.append((request.target, status))

    try:
        with LiveServer(app) as server:
            server.server.service.access_log = note
            own = {"sec-fetch-site": "same-origin"}
            first = ask(server, "POST", "/theme/dark", own)
            cookie = {"cookie": f"__Host-session={first.cookie('__Host-session')}"}
            # The session, both ways; and the user.
            shown = ask(server, "GET", "/legacy/show", cookie)
            assert json.loads(shown.body) == {"theme": "dark", "user": "django"}
            assert shown.headers["vary"].lower().count("cookie") == 1
            assert "private" in shown.headers["cache-control"]
            for number in (1, 2):
                visited = ask(server, "POST", "/legacy/visit", {**cookie, **own})
                assert json.loads(visited.body) == {"visits": number}
            assert json.loads(ask(server, "GET", "/mine", cookie).body) == {"theme": "dark", "visits": 2}
            # The guard: what another site sends does not get there.
            attack = {**cookie, "sec-fetch-site": "cross-site"}
            assert ask(server, "POST", "/legacy/visit", attack).status == 403
            assert json.loads(ask(server, "GET", "/mine", cookie).body)["visits"] == 2
            # The log: what it does not catch is in ours, and each of its requests is, with its whole path.
            caplog.clear()
            caplog.set_level(logging.ERROR)
            assert ask(server, "GET", "/legacy/broken", cookie).status == 500
            assert "KeyError: 'broken'" in caplog.text
            # Its logout is ours.
            ask(server, "POST", "/legacy/logout", {**cookie, **own})
            assert json.loads(ask(server, "GET", "/mine", cookie).body) == {}
            if "started" in log:
                assert log == ["started"]
        assert "started" not in log or log == ["started", "ended"]
        assert {("/legacy/show", 200), ("/legacy/broken", 500)} <= set(answered)
    finally:
        while _overrides:
            _overrides.pop().disable()


@pytest.mark.requires("flask")
def test_an_app_that_shares_what_is_not_there_is_told_so() -> None:
    app = App()
    app.mount("/legacy", flask_app([]))
    from segue.testing import Client

    with Client(app) as client, pytest.raises(RuntimeError, match="lists the plugin Sessions"):
        client.get("/legacy/show")

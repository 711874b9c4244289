"""Who is compared: every peer on the server that serves it best, one worker, access log off, keep-alive on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

BIN = Path(sys.executable).parent

# Peers run a fifth to a third faster on this older uvloop than on the one that Segue asks for.
OLDER_UVLOOP: Mapping[str, str] = {"PYTHONPATH": str(BIN.parent / "older-uvloop")}

Kind = Literal["segue", "limit", "framework"]


@dataclass(frozen=True)
class Peer:
    """A peer: ``lacks`` maps a work to the reason it is not measured; ``distributions`` are what versions are printed for.

    ``native``: the framework itself, not only its server, is compiled code.
    """

    name: str
    title: str
    kind: Kind
    server: str
    command: tuple[str, ...]
    distributions: tuple[str, ...]
    validation: str
    lacks: Mapping[str, str] = field(default_factory=dict)
    native: bool = False
    alternate: bool = False

    @property
    def env(self) -> Mapping[str, str]:
        return {} if self.kind == "segue" else OLDER_UVLOOP


def _uvicorn(app: str, *options: str) -> tuple[str, ...]:
    quiet = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
    kept = ("--timeout-keep-alive", "120")
    return (str(BIN / "uvicorn"), app, "--host", "127.0.0.1", "--port", "{port}", *quiet, *kept, *options)


def _granian(interface: str, app: str, *options: str) -> tuple[str, ...]:
    bind = ("--host", "127.0.0.1", "--port", "{port}", "--workers", "1")
    return (str(BIN / "granian"), "--interface", interface, *bind, "--log-level", "warning", *options, app)


def _module(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, "{port}")


BARE: Mapping[str, str] = dict.fromkeys(("route", "routes", "middleware", "upload"), "no framework")
NO_WEBSOCKET: Mapping[str, str] = {"websocket": "WSGI has no WebSocket"}


def _asgi(name: str, title: str, validation: str) -> Iterator[Peer]:
    """On both servers: granian is the better one for small requests, uvicorn for bodies, streams and WebSockets."""
    app = f"peers.{name}_app:app"
    on_granian, on_uvicorn = _granian("asgi", app), _uvicorn(app)
    yield Peer(name, f"{title} on granian", "framework", "granian", on_granian, (name, "granian"), validation)
    yield Peer(
        f"{name}@uvicorn",
        f"{title} on uvicorn",
        "framework",
        "uvicorn",
        on_uvicorn,
        (name, "uvicorn"),
        validation,
    )


def _wsgi(name: str, title: str, distributions: tuple[str, ...]) -> Peer:
    command = (*_module("peers.serve_fastpysgi")[:-1], f"peers.{name}_app", "{port}")
    return Peer(name, title, "framework", "fastpysgi", command, distributions, "pydantic", NO_WEBSOCKET)


def _segue(name: str, title: str, app: str, **more: Any) -> Peer:
    serve = (
        sys.executable,
        "-m",
        "segue",
        "serve",
        app,
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--workers",
        "1",
    )
    return Peer(name, title, "segue", "segue serve", serve, ("segue",), "msgspec", **more)


def _styles() -> Iterator[Peer]:
    lacks = dict.fromkeys(
        ("order", "route", "routes", "middleware", "stream", "upload", "websocket"), "the same in all styles"
    )
    for style in ("resource", "tree", "folder", "view", "traversal"):
        yield _segue(
            f"segue@{style}", f"Segue, {style}", f"peers.segue_styles:{style}", lacks=lacks, alternate=True
        )


STYLES = tuple(_styles())


def _alternates() -> Iterator[Peer]:
    """The same apps on other servers, and Segue in its other styles: only run when named."""
    yield from STYLES
    for name in ("blacksheep", "falcon", "starlette", "fastapi", "litestar"):
        app, made = f"peers.{name}_app", (name,)
        command = (*_module("peers.serve_fastpysgi")[:-1], app, "{port}")
        yield Peer(
            f"{name}@fastpysgi", name, "framework", "fastpysgi (ASGI)", command, made, "", alternate=True
        )
    on_granian = _granian("asgi", "peers.falcon_app:app")
    yield Peer(
        "falcon@granian", "falcon", "framework", "granian", on_granian, ("falcon",), "", alternate=True
    )
    for name in ("flask", "bottle", "django", "pyramid", "cherrypy"):
        app, made = f"peers.{name}_app", (name,)
        gunicorn = (str(BIN / "gunicorn"), f"{app}:app", "--bind", "127.0.0.1:{port}", "--workers", "1")
        threads = ("--worker-class", "gthread", "--threads", "4", "--keep-alive", "120")
        yield Peer(
            f"{name}@gunicorn", name, "framework", "gunicorn", (*gunicorn, *threads), made, "", alternate=True
        )
        yield Peer(
            f"{name}@granian",
            name,
            "framework",
            "granian",
            _granian("wsgi", f"{app}:app"),
            made,
            "",
            alternate=True,
        )
        cheroot = (*_module("peers.serve_cheroot")[:-1], app, "{port}")
        yield Peer(f"{name}@cheroot", name, "framework", "cheroot", cheroot, made, "", alternate=True)


ALTERNATES = tuple(_alternates())

PEERS = (
    _segue("segue", "Segue", "peers.segue_app:app"),
    Peer(
        "fastpysgi",
        "bare fastpysgi (C, WSGI)",
        "limit",
        "fastpysgi",
        _module("peers.fastpysgi_app"),
        ("fastpysgi",),
        "msgspec",
        {**BARE, **NO_WEBSOCKET},
    ),
    Peer(
        "uvicorn",
        "bare uvicorn (ASGI)",
        "limit",
        "uvicorn",
        _uvicorn("peers.uvicorn_app:app", "--lifespan", "off"),
        ("uvicorn",),
        "msgspec",
        BARE,
    ),
    *_asgi("blacksheep", "BlackSheep", "pydantic"),
    Peer(
        "falcon",
        "Falcon (ASGI)",
        "framework",
        "uvicorn",
        _uvicorn("peers.falcon_app:app"),
        ("falcon",),
        "msgspec",
    ),
    *_asgi("starlette", "Starlette", "pydantic"),
    *_asgi("fastapi", "FastAPI", "pydantic"),
    *_asgi("litestar", "Litestar", "msgspec"),
    Peer(
        "aiohttp", "aiohttp", "framework", "its own", _module("peers.aiohttp_app"), ("aiohttp",), "pydantic"
    ),
    Peer("sanic", "Sanic", "framework", "its own", _module("peers.sanic_app"), ("sanic",), "pydantic"),
    Peer(
        "tornado", "Tornado", "framework", "its own", _module("peers.tornado_app"), ("tornado",), "pydantic"
    ),
    Peer(
        "socketify",
        "socketify (C++)",
        "framework",
        "its own",
        _module("peers.socketify_app"),
        ("socketify",),
        "pydantic",
        {"upload": "no multipart parser"},
        native=True,
    ),
    Peer(
        "robyn",
        "Robyn (Rust)",
        "framework",
        "its own",
        _module("peers.robyn_app"),
        ("robyn",),
        "pydantic",
        native=True,
    ),
    Peer(
        "emmett",
        "Emmett55",
        "framework",
        "granian (RSGI)",
        _granian("rsgi", "peers.emmett_app:app"),
        ("emmett55", "granian"),
        "pydantic",
    ),
    _wsgi("flask", "Flask", ("flask",)),
    _wsgi("bottle", "Bottle", ("bottle",)),
    _wsgi("django", "Django", ("django",)),
    _wsgi("pyramid", "Pyramid", ("pyramid",)),
    _wsgi("cherrypy", "CherryPy", ("cherrypy",)),
    *ALTERNATES,
)

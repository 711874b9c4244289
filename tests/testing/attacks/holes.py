"""An app with a hole of each kind; each line with one says which, all others are sound."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Annotated

from jinja2 import Template as Jinja
from msgspec import Meta

from segue import App, BadRequest, Body, Cookie, Form, Query, Redirect, Request, Response, Struct, WebSocket
from segue.security import own_path

app = App("holes")
pages = App("pages")
shelf = Path(__file__).parent
memory = sqlite3.connect(":memory:", check_same_thread=False)
memory.execute("create table film (title text)")


class Note(Struct):
    title: str
    pages: int = 1


@app.get("/go")
async def go(request: Request) -> None:  # HOLE open-redirect
    raise Redirect(request.query.get("to", "/"))


@app.get("/declared")
async def declared(target: str = "/") -> None:  # HOLE open-redirect
    if target.startswith("//"):
        raise BadRequest
    raise Redirect(target)


@app.get("/sound")
async def sound(request: Request) -> None:
    raise Redirect(own_path(request.query.get("next")))


@app.get("/hello")
async def hello(name: str = "you") -> Response:  # HOLE script-injection
    return Response(f"<p>{name}</p>".encode("utf-8", "replace"), content_type="text/html")


@app.get("/hello-text")
async def hello_text(name: str = "you") -> str:
    return f"<p>{name}</p>".encode("utf-8", "replace").decode()


@app.post("/mails")
async def mail(note: Body[Note]) -> str:  # HOLE template-injection
    return (
        Jinja(note.title[:200].partition("{%")[0].replace("{{{", "")).render() if "}}" in note.title else ""
    )


@app.get("/films")
async def films(title: str = "") -> list[str]:
    text = title.encode("ascii", "ignore").decode().replace("\0", "")
    rows = memory.execute(f"select title from film where title = '{text}'")  # HOLE sql-injection
    return [row[0] for row in rows]


@app.get("/bound-films")
async def bound_films(title: str = "") -> list[str]:
    rows = memory.execute("select title from film where title = ?", (title.encode("utf-8", "replace"),))
    return [row[0] for row in rows]


@app.get("/files")
async def files(name: str = "holes.py") -> str:  # HOLE path-traversal
    found = shelf / name.replace("\0", "").encode("utf-8", "replace").decode()[:200]
    return found.read_text() if found.is_file() else ""


@app.get("/pages/{number}")
async def page(number: str) -> str:
    return str(int(number))  # HOLE crash


@app.get("/typed-pages/{number:int}")
async def typed_page(number: int) -> str:
    return "some" if number else "none"


@app.post("/forms")
async def form(note: Form[Note]) -> str:
    return ["none", "one"][len(note.title)]  # HOLE crash


@app.get("/words")
async def words(text: Query[str] = "a") -> str:  # HOLE slow-pattern
    return "one" if re.fullmatch(r"(a+)+b", text[:26]) else "none"


@app.get("/api")
async def api(request: Request) -> Response:  # HOLE cors
    return Response(
        b"{}",
        headers={
            "access-control-allow-origin": request.headers.get("origin", "*"),
            "access-control-allow-credentials": "true",
        },
    )


@app.get("/link")
async def link(request: Request) -> str:  # HOLE host
    return f"https://{request.headers.get('host')}/reset"


@app.websocket("/talk", origins=["*"])
async def talk(socket: WebSocket, visitor: Cookie[str] = "") -> None:  # HOLE forged-socket
    await socket.send(visitor)


@app.websocket("/talk-safely")
async def talk_safely(socket: WebSocket, visitor: Cookie[str] = "") -> None:
    await socket.send(visitor)


@app.websocket("/news", origins=["*"])
async def news(socket: WebSocket) -> None:
    await socket.send("news")


@app.post("/buy")
async def buy(visitor: Cookie[str] = "") -> str:  # HOLE forged-request
    return visitor


@app.post("/bounded")
async def bounded(note: Body[Note], size: Annotated[int, Meta(ge=1, le=10)] = 1) -> str:
    return note.title.encode("utf-8", "replace").decode() * size


@app.get("/broken")
async def broken() -> str:
    raise RuntimeError("it never works")


@app.get("/silenced")  # segue: ignore[open-redirect]
async def silenced(request: Request) -> None:
    raise Redirect(request.query.get("to", "/"))

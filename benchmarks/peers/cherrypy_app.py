"""CherryPy; it has no validation, so the order is validated by pydantic. Its middlewares are tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cherrypy
from pydantic import ValidationError

from peers import CHUNK, CHUNKS, HELLO, MAX_UPLOAD, MIDDLEWARES, resources
from peers.order_pydantic import Order


class Root:
    @cherrypy.expose
    def plaintext(self) -> bytes:
        cherrypy.response.headers["Content-Type"] = "text/plain; charset=utf-8"
        return HELLO

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def hello(self, name: str) -> dict[str, str]:
        return {"hello": name}

    @cherrypy.expose
    def order(self) -> bytes:
        cherrypy.response.headers["Content-Type"] = "application/json"
        try:
            return Order.model_validate_json(cherrypy.request.body.read()).model_dump_json().encode()
        except ValidationError as error:
            cherrypy.response.status = 422
            return error.json().encode()

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def stream(self) -> Iterator[bytes]:
        cherrypy.response.headers["Content-Type"] = "application/octet-stream"
        for _ in range(CHUNKS):
            yield CHUNK

    @cherrypy.expose
    def upload(self, file: Any) -> bytes:
        cherrypy.response.headers["Content-Type"] = "text/plain"
        return b"%d" % file.file.seek(0, 2)


class Resource:
    """``/resource1/42/detail``: CherryPy hands the rest of the path to ``default``."""

    @cherrypy.expose
    def default(self, item: str, detail: str) -> bytes:
        cherrypy.response.headers["Content-Type"] = "text/plain"
        return item.encode()


def layer(name: str) -> Any:
    def set_header() -> None:
        cherrypy.response.headers[name] = "1"

    return cherrypy.Tool("before_finalize", set_header, name)


root = Root()
for number in resources():
    setattr(root, f"resource{number}", Resource())

config: dict[str, Any] = {}
for index in range(MIDDLEWARES):
    setattr(cherrypy.tools, f"layer{index}", layer(f"x-layer-{index}"))
    config[f"tools.layer{index}.on"] = True

cherrypy.config.update(
    {
        "environment": "production",
        "log.screen": False,
        "log.access_file": "",
        "server.max_request_body_size": MAX_UPLOAD,
        "engine.autoreload.on": False,
    }
)
app = cherrypy.tree.mount(root, "", {"/": config})
app.log.access_log.disabled = True
cherrypy.server.unsubscribe()
cherrypy.engine.signals.subscribe()
cherrypy.engine.start()

"""Other people's servers, by their names: the same app where a company has its own habits, and in comparisons."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["OTHERS", "run_on"]


class Other(NamedTuple):
    """A server: the package that has to be installed, and what serves until it is told to stop."""

    package: str
    serve: Callable[[Any, str, int], None]


def run_on(name: str, app: Any, host: str, port: int) -> None:
    """Serves ``app``, which is an ASGI application and has a ``wsgi``, by the server ``name``.

    One process, on one address, in that server's own way; what Segue's server does besides, it does not. Raises
    SystemExit for a server that is not known or not installed.
    """
    other = OTHERS.get(name)
    if other is None:
        sys.exit(f"There is no server {name!r}. There are: segue, {', '.join(OTHERS)}.")
    if importlib.util.find_spec(other.package) is None:
        sys.exit(f"The server {name!r} is not installed: pip install {other.package}.")
    other.serve(app, host, port)


def _uvicorn(app: Any, host: str, port: int) -> None:
    import_module("uvicorn").run(app, host=host, port=port, log_level="warning")


def _hypercorn(app: Any, host: str, port: int) -> None:
    config = import_module("hypercorn.config").Config()
    config.bind = [f"{host}:{port}"]
    asyncio.run(import_module("hypercorn.asyncio").serve(app, config))


def _granian(app: Any, host: str, port: int) -> None:
    asgi = import_module("granian.constants").Interfaces.ASGI
    server = import_module("granian.server.embed").Server(app, address=host, port=port, interface=asgi)
    asyncio.run(server.serve())


def _daphne(app: Any, host: str, port: int) -> None:
    endpoints, server = map(import_module, ("daphne.endpoints", "daphne.server"))
    where = endpoints.build_endpoint_description_strings(host=host, port=port)
    server.Server(app, endpoints=where, signal_handlers=True).run()


def _gunicorn(app: Any, host: str, port: int) -> None:
    base: Any = import_module("gunicorn.app.base").BaseApplication

    class Application(base):  # type: ignore[misc]  # gunicorn has no types
        def load_config(self) -> None:
            self.cfg.set("bind", f"{host}:{port}")
            self.cfg.set("accesslog", None)

        def load(self) -> Any:
            return app.wsgi

    Application().run()


def _waitress(app: Any, host: str, port: int) -> None:
    import_module("waitress").serve(app.wsgi, host=host, port=port)


def _cheroot(app: Any, host: str, port: int) -> None:
    server = import_module("cheroot.wsgi").Server((host, port), app.wsgi)
    try:
        server.start()
    except KeyboardInterrupt:
        server.stop()


def _fastpysgi(app: Any, host: str, port: int) -> None:
    import_module("fastpysgi").run(app.wsgi, host=host, port=port)


def _gevent(app: Any, host: str, port: int) -> None:
    import_module("gevent.pywsgi").WSGIServer((host, port), app.wsgi, log=None).serve_forever()


def _tornado(app: Any, host: str, port: int) -> None:
    async def main() -> None:
        container = import_module("tornado.wsgi").WSGIContainer(app.wsgi, ThreadPoolExecutor(40))
        import_module("tornado.httpserver").HTTPServer(container).listen(port, host)
        await asyncio.Event().wait()

    asyncio.run(main())


def _twisted(app: Any, host: str, port: int) -> None:
    reactor = import_module("twisted.internet.reactor")
    resource = import_module("twisted.web.wsgi").WSGIResource(reactor, reactor.getThreadPool(), app.wsgi)
    reactor.listenTCP(port, import_module("twisted.web.server").Site(resource), interface=host)
    reactor.run()


def _wsgiref(app: Any, host: str, port: int) -> None:
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Nothing: the app has an access log of its own."""

    make_server(host, port, app.wsgi, handler_class=Quiet).serve_forever()


#: ASGI servers first, then WSGI ones, which have no WebSockets.
OTHERS = {
    "uvicorn": Other("uvicorn", _uvicorn),
    "hypercorn": Other("hypercorn", _hypercorn),
    "granian": Other("granian", _granian),
    "daphne": Other("daphne", _daphne),
    "gunicorn": Other("gunicorn", _gunicorn),
    "waitress": Other("waitress", _waitress),
    "cheroot": Other("cheroot", _cheroot),
    "fastpysgi": Other("fastpysgi", _fastpysgi),
    "gevent": Other("gevent", _gevent),
    "tornado": Other("tornado", _tornado),
    "twisted": Other("twisted", _twisted),
    "wsgiref": Other("wsgiref", _wsgiref),
}

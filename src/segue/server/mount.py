"""Foreign applications as Segue applications: what ``app.mount("/legacy", flask_app)`` hands requests to."""

import inspect
from collections.abc import Callable
from typing import Any, Literal, TypeAlias, cast

from segue.server.application import Application
from segue.server.mount_asgi import MountedASGI
from segue.server.mount_wsgi import MountedWSGI

__all__ = ["Interface", "mounted"]

Interface: TypeAlias = Literal["asgi", "wsgi"]

_MEMBERS = ("default_headers", "startup", "shutdown", "handle")


def mounted(app: object, interface: Interface | None = None) -> Application:
    """An ASGI or WSGI application, unmodified, as one that Segue serves.

        mounted(flask_app)                          # (environ, start_response): WSGI
        mounted(starlette_app)                      # async (scope, receive, send): ASGI
        mounted(strange, interface="wsgi")          # when its signature does not tell

    Its lifespan is run, its WebSockets are passed on, its errors stay its own. A Segue application is given back as
    it is. Raises TypeError for what is neither, and for what could be both.
    """
    if interface is None and all(hasattr(app, member) for member in _MEMBERS):
        return cast(Application, app)
    if not callable(app):
        raise TypeError(f"an ASGI or WSGI application is expected, but {app!r:.200} cannot be called")
    kind = interface or _interface_of(app)
    if kind == "asgi":
        return MountedASGI(cast(Any, app))
    if kind == "wsgi":
        return MountedWSGI(cast(Any, app))
    raise TypeError(f"interface is 'asgi' or 'wsgi', not {kind!r}")


def _interface_of(app: Callable[..., Any]) -> Interface:
    if inspect.isclass(app):
        raise TypeError(f"{app.__qualname__} is a class: mount an instance of it, {app.__qualname__}()")
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()
    places = [one for one in parameters if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    needed = sum(one.default is one.empty for one in places)
    open_end = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    is_async = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 -- its method is looked at, not whether it is there
    if needed <= 3 and (len(places) >= 3 or (open_end and is_async)) and needed != 2:
        return "asgi"
    if needed <= 2 and len(places) >= 2 and not is_async:
        return "wsgi"
    raise TypeError(
        f"{app!r:.200} takes {inspect.signature(app) if places else 'unknown arguments'}: an ASGI application takes "
        f"(scope, receive, send), a WSGI application (environ, start_response). If it is one of them all the same, say "
        f"which: app.mount(path, mounted(it, interface='asgi')) with `from segue.server.mount import mounted`"
    )

"""The app of a script that has only one: `from segue import get, run`."""

from segue.core.app import App

__all__ = [
    "app",
    "delete",
    "error_handler",
    "get",
    "include",
    "middleware",
    "mount",
    "patch",
    "post",
    "put",
    "route",
    "run",
    "websocket",
]

app = App("app")

route = app.route
get = app.get
post = app.post
put = app.put
patch = app.patch
delete = app.delete
websocket = app.websocket
middleware = app.middleware
error_handler = app.error_handler
include = app.include
mount = app.mount
run = app.run

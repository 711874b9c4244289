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

#: ``App.route`` of that app.
route = app.route
#: ``App.get`` of that app.
get = app.get
#: ``App.post`` of that app.
post = app.post
#: ``App.put`` of that app.
put = app.put
#: ``App.patch`` of that app.
patch = app.patch
#: ``App.delete`` of that app.
delete = app.delete
#: ``App.websocket`` of that app.
websocket = app.websocket
#: ``App.middleware`` of that app.
middleware = app.middleware
#: ``App.error_handler`` of that app.
error_handler = app.error_handler
#: ``App.include`` of that app.
include = app.include
#: ``App.mount`` of that app.
mount = app.mount
#: ``App.run`` of that app.
run = app.run

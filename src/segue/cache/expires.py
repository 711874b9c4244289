"""Says to clients and caches between for how long they may keep what they get."""

import time

from segue.core.records import Next
from segue.http.dates import http_date
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Expires"]


class Expires:
    """Middleware: successful GETs may be kept for ``seconds``; with 0, they may not be used without asking.

        app.get("/logo", middleware=[Expires(86_400)])(logo)

    It sends ``Cache-Control`` and ``Expires``, with 0 also ``Pragma``, as old proxies want it. What a handler has said
    itself stays, unless ``force`` is set. ``public``: caches between may keep it too.
    """

    def __init__(self, seconds: int = 0, *, force: bool = False, public: bool = False) -> None:
        if seconds < 0:
            raise ValueError(f"Expires takes seconds from now on, at least 0, not {seconds!r}")
        self._seconds = seconds
        self._force = force
        self._public = public

    async def __call__(self, request: Request, next: Next) -> Response:
        response = await next(request)
        headers = response.headers
        if request.method not in ("GET", "HEAD") or response.status >= 400:
            return response
        if not self._force and any(name in headers for name in ("cache-control", "expires", "pragma")):
            return response
        if self._seconds:
            reach = "public" if self._public else "private"
            headers["cache-control"] = f"{reach}, max-age={self._seconds}"
            headers["expires"] = http_date(time.time() + self._seconds)
            del headers["pragma"]
        else:
            headers["cache-control"] = "no-cache, must-revalidate"
            headers["pragma"] = "no-cache"
            headers["expires"] = http_date(0)
        return response

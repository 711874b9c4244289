"""Cross-origin requests (the Fetch standard's CORS protocol)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from segue.http.malformed import Malformed
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import URL

__all__ = ["Cors"]


class Cors:
    """Middleware: lets pages of other origins read the replies, errors included.

        app.middleware(Cors(["https://app.example"], credentials=True))

    ``origins``: exact, as browsers send them: scheme, host and port, no path; or ``"*"`` for any, without credentials.
    ``methods``: besides GET, HEAD and POST, which need no leave. ``headers``: request headers that scripts may set.
    ``expose``: response headers that they may read. ``credentials``: with cookies and ``Authorization``.
    ``max_age``: seconds for which a browser remembers the leave. ``private_network``: also from public pages
    to this server on a private address.

    Raises ValueError for what is not an origin, and for ``"*"`` with credentials, which would be every site's login.
    """

    __slots__ = ("_any", "_origins", "_plain", "_preflight", "_private_network")

    def __init__(
        self,
        origins: Sequence[str] | Literal["*"],
        *,
        methods: Sequence[str] = ("PUT", "PATCH", "DELETE"),
        headers: Sequence[str] = ("content-type",),
        expose: Sequence[str] = (),
        credentials: bool = False,
        max_age: int = 600,
        private_network: bool = False,
    ) -> None:
        if isinstance(origins, str) and origins != "*":
            raise TypeError(f"the origins are a list: Cors([{origins!r}])")
        self._any = origins == "*" or "*" in origins
        if self._any and credentials:
            raise ValueError(
                'credentials=True needs a list of origins: with "*", any site could act as the user'
            )
        self._origins = frozenset() if self._any else frozenset(map(_checked_origin, origins))
        self._private_network = private_network
        self._plain: list[tuple[str, str]] = []
        if credentials:
            self._plain.append(("access-control-allow-credentials", "true"))
        self._preflight = [
            *self._plain,
            ("access-control-allow-methods", ", ".join(dict.fromkeys(("GET", "HEAD", "POST", *methods)))),
            ("access-control-max-age", str(max_age)),
        ]
        if headers:
            self._preflight.append(("access-control-allow-headers", ", ".join(headers)))
        if expose:
            self._plain.append(("access-control-expose-headers", ", ".join(expose)))

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        origin = request.headers.get("origin")
        if (
            request.method == "OPTIONS"
            and origin is not None
            and "access-control-request-method" in request.headers
        ):
            return self._answer_preflight(request, origin)
        try:
            response = await next(request)
        except Exception:
            # Another middleware failed. Without these headers the page would be told of CORS, and of no error.
            if request.made is None:
                request.made = {}
            request.made["on_error_response"] = lambda response: self._mark(response, origin)
            raise
        if response.status != 101:
            self._mark(response, origin)
        return response

    def _mark(self, response: Response, origin: str | None) -> None:
        if not self._any:
            response.headers.vary("origin")
        if origin is not None and self._allows(origin):
            response.headers["access-control-allow-origin"] = "*" if self._any else origin
            response.headers.update(self._plain)

    def _allows(self, origin: str) -> bool:
        return self._any or origin in self._origins

    def _answer_preflight(self, request: Request, origin: str) -> Response:
        response = Response(b"", 204)
        headers = response.headers
        headers.vary("origin", "access-control-request-method", "access-control-request-headers")
        if not self._allows(origin):
            # Without leave in it the browser refuses; the page learns nothing, its developer sees the status.
            response.status = 403
            return response
        headers["access-control-allow-origin"] = "*" if self._any else origin
        headers.update(self._preflight)
        if request.headers.get("access-control-request-private-network") == "true" and self._private_network:
            headers["access-control-allow-private-network"] = "true"
        return response


def _checked_origin(origin: str) -> str:
    try:
        url = URL.parse(origin)
    except Malformed:
        url = URL()
    if not url.origin or url.origin != origin or "*" in origin:
        hint = f", perhaps {url.origin!r}" if url.origin else ""
        raise ValueError(
            f'{origin!r} is not an origin as browsers send it: "https://app.example" or '
            f'"http://localhost:5173", in lower case, without a path and without the default port{hint}'
        )
    return origin

"""``Vary`` by itself: the header fields that a handler has read are named in its response."""

from collections.abc import Awaitable, Callable

from segue.http.headers import Headers, RawHeaders
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["AutoVary"]

#: What no cache tells apart, as it is of the connection, the body, or the same for all that a cache answers.
_UNTOLD = frozenset(
    {"host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "expect", "te"}
)


class AutoVary:
    """Middleware: fields of the request that anything inside it has read are named in ``Vary`` (RFC 9110, section 12.5.5).

        app.middleware(AutoVary())

    A reply that depends on ``Accept-Language`` is kept by caches for each language, without anybody having said so.
    Fields that every cache knows of, such as ``Host`` and those about the body, are left out; ``Cookie`` counts.
    """

    __slots__ = ()

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        seen: dict[str, None] = {}
        if request.made is None:
            request.made = {}
        request.made["headers"] = _Watched(request.raw_headers, seen)
        response = await next(request)
        names = [name for name in seen if name not in _UNTOLD]
        if names:
            response.headers.vary(*names)
        return response


class _Watched(Headers):
    __slots__ = ("_seen",)

    def __init__(self, raw: RawHeaders, seen: dict[str, None]) -> None:
        super().__init__(raw)
        self._seen = seen

    def __getitem__(self, name: str) -> str:
        self._seen[name.lower()] = None
        return super().__getitem__(name)

    def get_all(self, name: str) -> list[str]:
        self._seen[name.lower()] = None
        return super().get_all(name)

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str):
            self._seen[name.lower()] = None
        return super().__contains__(name)

"""What a mounted application answers, as a response that every carrier can send."""

from collections.abc import AsyncIterator, Iterable

from segue.http.request import Request
from segue.http.response import Response

__all__ = ["foreign_response"]

# These belong to the server, which writes its own.
_DROPPED = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "trailer", "date", "server"}
)


def foreign_response(
    request: Request, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes | AsyncIterator[bytes]
) -> Response:
    """Raises InvalidHeader and InvalidResponse for what HTTP does not allow."""
    response = Response(body, status)
    fields = response.headers
    for name, value in headers:
        text = bytes(name).decode("latin-1")
        if text.lower() not in _DROPPED:
            fields.add(text, bytes(value).decode("latin-1"))
    if isinstance(body, bytes):
        if status < 200 or status in (204, 304):
            response.body = b""
        elif request.method == "HEAD" and "content-length" in fields:
            response.body = _nothing()  # the length is that of the body that GET has
    return response


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""

"""A mounted application: what it sees of a request, and what becomes of it."""

from segue.core.handlers import Call
from segue.http.request import Request
from segue.http.response import Response
from segue.server.application import Application

__all__ = ["mounted_call", "shifted"]


def mounted_call(application: Application, prefix: str) -> Call:
    """Hands requests below ``prefix`` on to ``application``, with the prefix taken off their paths."""
    depth = prefix.count("/")

    async def call(request: Request) -> Response:
        return await application.handle(shifted(request, depth))

    return call


def shifted(request: Request, depth: int) -> Request:
    """A request for what is below the first ``depth`` segments of the path; body, connection and state are shared."""
    raw, mark, query = request.target.partition("?")
    # A decoded slash is never an encoded one, so both have the same segments (segue.http.url.decode_path).
    taken, rest = _split(raw, depth)
    inner = Request(
        request.method, f"{rest}{mark}{query}", request.raw_headers, request.source, request.connection
    )
    inner.endpoint = request.endpoint
    shared = {} if request.made is None else dict(request.made)
    for own in ("url", "after"):
        shared.pop(own, None)
    inner.made = shared
    inner.prefix = request.prefix + taken
    request.after(inner.finish)
    return inner


def _split(raw: str, depth: int) -> tuple[str, str]:
    pieces = raw.split("/", depth + 1)
    taken = "/".join(pieces[: depth + 1])
    return taken, "/" + pieces[depth + 1] if len(pieces) > depth + 1 else "/"

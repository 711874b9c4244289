"""A mounted application: what it sees of a request, and what becomes of it."""

from segue.core.handlers import Call
from segue.http.request import Request
from segue.http.response import Response
from segue.server.application import Application, request_class_of

__all__ = ["mounted_call", "shifted"]


def mounted_call(application: Application, prefix: str) -> Call:
    """Hands requests below ``prefix`` on to ``application``, with the prefix taken off their paths."""
    depth, kind = prefix.count("/"), request_class_of(application)

    async def call(request: Request) -> Response:
        inner = shifted(request, depth, kind)
        response = await application.handle(inner)
        made, own = inner.made or {}, (request.made or {})
        if "after_this" in made and made["after_this"] is not own.get("after_this"):
            for function in made["after_this"]:
                request.after_this(function)
        return response

    return call


def shifted(request: Request, depth: int, kind: type[Request] = Request) -> Request:
    """A request for what is below the first ``depth`` segments of the path; body, connection and state are shared."""
    raw, mark, query = request.target.partition("?")
    # A decoded slash is never an encoded one, so both have the same segments (segue.http.url.decode_path).
    taken, rest = _split(raw, depth)
    inner = kind(
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

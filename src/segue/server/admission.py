"""What the native protocol asks of the head of a request, asked of one that another carrier has parsed.

The ASGI and WSGI adapters and the test client build their requests here, so that the same heads are refused, with the
same words, under every server.
"""

from segue.http.body import BodySource
from segue.http.connection import Connection
from segue.http.errors import BadRequest, HeaderFieldsTooLarge, HTTPError, URITooLong
from segue.http.headers import RawHeaders
from segue.http.malformed import Malformed
from segue.http.request import Request
from segue.http.response import Response
from segue.http.status import phrase
from segue.server.framing import frame, origin_form
from segue.server.limits import Limits

__all__ = ["admit", "body_length", "refusal"]


def body_length(headers: RawHeaders, version: str, limits: Limits) -> int | None:
    """The size of the body that ``headers`` declare; None when it comes in chunks.

    ``version`` is 1.0, 1.1, 2 or 3. Over HTTP/2 and 3 a body needs no declaration: there, nothing declared is None.
    Raises HTTPError for a head that is too large, and for one that two readers could take for different messages.
    """
    if len(headers) > limits.max_header_count:
        raise HeaderFieldsTooLarge(f"There are more than {limits.max_header_count} header fields.")
    if sum([len(name) + len(value) + 4 for name, value in headers]) > limits.max_header_size:
        raise HeaderFieldsTooLarge(f"The header is larger than {limits.max_header_size} bytes.")
    if version in ("1.0", "1.1"):
        return frame(headers, version).length
    length = frame(headers, "1.1").length
    return length if any(name == b"content-length" for name, _ in headers) else None


def admit(
    method: str,
    target: bytes,
    headers: RawHeaders,
    source: BodySource,
    connection: Connection,
    limits: Limits,
    *,
    kind: type[Request] = Request,
) -> Request:
    """The request with this head, an object of ``kind``. ``target`` is the raw path with its query. Raises HTTPError."""
    if len(target) > limits.max_target:
        raise URITooLong(f"The request target is longer than {limits.max_target} bytes.")
    if not target.startswith(b"/"):
        target = origin_form(method, target, headers)
    if b"#" in target:
        raise BadRequest("A request target has no fragment.")
    try:
        return kind(method, target.decode("ascii"), headers, source, connection)
    except UnicodeDecodeError:
        raise BadRequest("The request target has bytes outside ASCII.") from None
    except Malformed as error:
        raise BadRequest(str(error.detail)) from None


def refusal(error: HTTPError) -> Response:
    """The response to a request that no application sees: plain text, as the native server words it."""
    return Response(f"{error.status} {phrase(error.status)}\n{error.detail}\n", error.status, error.headers)

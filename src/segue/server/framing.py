"""How a request is delimited and how its connection goes on (RFC 9112, sections 3, 6 and 9): pure decisions."""

import re

from segue.http.errors import BadRequest, ExpectationFailed
from segue.http.headers import RawHeaders

__all__ = ["FRAMING_FIELDS", "HTTP_10", "KEEP_ALIVE", "MAX_DIGITS", "Framing", "frame", "origin_form"]

#: The connection may carry another request after this one.
KEEP_ALIVE = 1
#: The client does not understand chunked responses, and closes unless told otherwise.
HTTP_10 = 2

#: Fields that decide how a message is delimited and its connection goes on.
FRAMING_FIELDS = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"}
)
#: Of a Content-Length; more would be an exabyte, or an attack on int().
MAX_DIGITS = 18

_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+,;=%-]{1,255})(?::[0-9]{1,5})?\Z")
_ABSOLUTE = re.compile(rb"(?i:https?)://([^/?#@]+)([/?].*|)\Z")


class Framing:
    """``mode``: KEEP_ALIVE and HTTP_10. ``length``: of the body in bytes; None when it is chunked."""

    __slots__ = ("expects_continue", "length", "mode")

    def __init__(self, mode: int, length: int | None, expects_continue: bool) -> None:
        self.mode = mode
        self.length = length
        self.expects_continue = expects_continue


def frame(headers: RawHeaders, version: str) -> Framing:
    """Reads the fields that decide about the message. Raises HTTPError where two readers could disagree."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in FRAMING_FIELDS:
            continue
        if name not in found:
            found[name] = value
        elif name in (b"connection", b"upgrade"):
            found[name] = b"%b,%b" % (found[name], value)
        else:
            raise BadRequest(f"The field {name.decode()} is there twice.")
    if version not in ("1.0", "1.1"):
        raise BadRequest("This server speaks HTTP/1.0 and HTTP/1.1.")
    if version == "1.1" and b"host" not in found:
        raise BadRequest("HTTP/1.1 asks for a Host field.")
    if b"host" in found and not _HOST.match(found[b"host"]):
        raise BadRequest("The Host field is not a host.")
    tokens = {token.strip().lower() for token in found.get(b"connection", b"").split(b",")}
    mode = KEEP_ALIVE if version == "1.1" else HTTP_10
    if b"close" in tokens:
        mode &= ~KEEP_ALIVE
    elif b"keep-alive" in tokens:
        mode |= KEEP_ALIVE
    length = _length(found, version)
    if b"upgrade" in found and b"upgrade" in tokens:
        mode &= ~KEEP_ALIVE
        if length != 0:
            raise BadRequest("A request to upgrade has no body.")
    expects = found.get(b"expect")
    if expects is not None and expects.lower() != b"100-continue":
        raise ExpectationFailed("Of the expectations, only 100-continue is understood.")
    return Framing(mode, length, expects is not None and version == "1.1" and length != 0)


def _length(found: dict[bytes, bytes], version: str) -> int | None:
    if b"transfer-encoding" in found:
        if version != "1.1" or b"content-length" in found:
            raise BadRequest("Transfer-Encoding is not allowed here.")
        if found[b"transfer-encoding"].lower() != b"chunked":
            raise BadRequest("Of the transfer codings, only chunked is understood.")
        return None
    digits = found.get(b"content-length", b"0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise BadRequest("Content-Length is not a length.")
    return int(digits)


def origin_form(method: str, target: bytes, headers: RawHeaders) -> bytes:
    """The path of a target that does not begin with one (RFC 9112, section 3.2)."""
    if target == b"*":
        if method != "OPTIONS":
            raise BadRequest("The target * is for OPTIONS only.")
        return target
    found = _ABSOLUTE.match(target)
    if method == "CONNECT" or not found:
        raise BadRequest("The request target is not a path.")
    host = next((value for name, value in headers if name == b"host"), None)
    if host is None or found[1].lower() != host.lower():
        raise BadRequest("The request target names another host than the Host field.")
    return found[2] if found[2].startswith(b"/") else b"/%b" % found[2]

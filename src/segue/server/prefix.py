"""Takes the place where an application is mounted off a raw path: SCRIPT_NAME in WSGI, root_path in ASGI."""

__all__ = ["decoded_octets", "quoted_octets", "split_prefix"]

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/")
_QUOTED = [bytes([octet]) if octet in _PLAIN else b"%%%02X" % octet for octet in range(256)]


def decoded_octets(raw: bytes) -> bytes:
    """``raw`` with its percent-escapes decoded; what is no escape stays."""
    if b"%" not in raw:
        return raw
    head, *rest = raw.split(b"%")
    found = [head]
    for part in rest:
        octet = _octet(part[:2])
        found += (b"%", part) if octet is None else (octet, part[2:])
    return b"".join(found)


def _octet(digits: bytes) -> bytes | None:
    try:
        return bytes.fromhex(digits.decode("ascii")) if len(digits) == 2 and b" " not in digits else None
    except ValueError:
        return None


def quoted_octets(path: bytes) -> bytes:
    """A decoded path as it may stand in a target (RFC 3986, section 3.3)."""
    return b"".join([_QUOTED[octet] for octet in path])


def split_prefix(raw: bytes, prefix: bytes) -> tuple[bytes, bytes] | None:
    """``raw`` in two: what decodes to ``prefix``, and the rest, which begins with ``/``. None if it does not fit."""
    prefix = prefix.rstrip(b"/")
    if not prefix:
        return b"", raw
    at = 0
    for wanted in prefix:
        if at >= len(raw):
            return None
        octet = _octet(raw[at + 1 : at + 3]) if raw[at] == 0x25 else None
        if (raw[at] if octet is None else octet[0]) != wanted:
            return None
        at += 1 if octet is None else 3
    rest = raw[at:] or b"/"
    return (raw[:at], rest) if rest.startswith(b"/") else None

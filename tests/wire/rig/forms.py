"""Multipart bodies as an attacker writes them: byte by byte under control."""

__all__ = ["BOUNDARY", "field", "multipart", "post", "upload"]

BOUNDARY = b"XboundaryX"


def field(name: str, content: bytes) -> bytes:
    return b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
        BOUNDARY,
        name.encode(),
        content,
    )


def upload(name: str, filename: bytes, content: bytes) -> bytes:
    head = b'Content-Disposition: form-data; name="%b"; filename="%b"' % (name.encode(), filename)
    return b"--%b\r\n%b\r\nContent-Type: text/plain\r\n\r\n%b\r\n" % (BOUNDARY, head, content)


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--%b--\r\n" % BOUNDARY


def post(path: str, body: bytes, content_type: bytes = b"", *, close: bool = True) -> bytes:
    kind = content_type or b"multipart/form-data; boundary=" + BOUNDARY
    head = b"POST %b HTTP/1.1\r\nHost: a.example\r\nContent-Type: %b\r\nContent-Length: %d\r\n" % (
        path.encode(),
        kind,
        len(body),
    )
    return head + (b"Connection: close\r\n" if close else b"") + b"\r\n" + body

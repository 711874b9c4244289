"""A multipart form with one file, as a browser sends it (RFC 7578)."""

from __future__ import annotations

BOUNDARY = b"----segue-benchmark-boundary"
FORM_TYPE = "multipart/form-data; boundary=" + BOUNDARY.decode()
# Every byte value, so that a parser that looks for line ends meets them as often as in a real binary file.
PATTERN = bytes(range(256)) * 256


def form_body(size: int) -> bytes:
    """The whole body of a form whose field ``file`` holds ``size`` bytes."""
    repeats, rest = divmod(size, len(PATTERN))
    head = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="data.bin"\r\n' % BOUNDARY
    head += b"Content-Type: application/octet-stream\r\n\r\n"
    return b"".join([head, PATTERN * repeats, PATTERN[:rest], b"\r\n--%s--\r\n" % BOUNDARY])

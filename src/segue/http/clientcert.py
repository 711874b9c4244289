"""Certificates of clients as proxies write them into a header field (RFC 9440, and what was there before it)."""

import binascii
import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from segue.http.malformed import Malformed

__all__ = ["parse_client_certificate"]

_LONGEST = 32_768
_pem = re.compile(r"\A-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL).match


def parse_client_certificate(text: str) -> bytes:
    """The certificate that a field holds, in DER.

    ``:MIIB...:`` is RFC 9440; nginx and Traefik write PEM with percent-escapes, Apache with blanks for line ends, HAProxy the base64 alone. Of a chain the first one counts.
    Raises Malformed for what is none.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise Malformed("a certificate of a client is too long")
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
    if found := _pem(text):
        text = found[1]
    elif len(text) > 1 and text[0] == text[-1] == ":":
        text = text[1:-1]
    else:
        text = text.partition(",")[0]
    try:
        data = b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("a certificate of a client cannot be read") from None
    if len(data) < 64 or data[0] != 0x30:
        raise Malformed("a certificate of a client is none")
    return data

"""Compression of WebSocket messages: permessage-deflate (RFC 7692)."""

from websockets.exceptions import InvalidHandshake
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension

__all__ = ["negotiate_deflate"]

# No context is kept between messages: an open socket that says nothing costs no window. 12 bits (4 KB) of window for
# what is sent compress JSON nearly as well as the full 15 and take an eighth of the memory while a message is made.
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True,
    client_no_context_takeover=True,
    server_max_window_bits=12,
    client_max_window_bits=12,
    compress_settings={"memLevel": 5},
)


def negotiate_deflate(offers: list[str]) -> tuple[list[Extension], str | None]:
    """The extension for the first offer that fits, and the value of ``Sec-WebSocket-Extensions`` that accepts it.

    ``offers``: the values of the client's fields. One that cannot be read is taken as no offer: compression is a
    courtesy, and the socket works without it.
    """
    for value in offers:
        try:
            parsed = parse_extension(value)
        except InvalidHandshake:
            continue
        for name, parameters in parsed:
            if name != _DEFLATE.name:
                continue
            try:
                accepted, extension = _DEFLATE.process_request_params(parameters, [])
            except InvalidHandshake:
                continue
            return [extension], build_extension([(name, accepted)])
    return [], None

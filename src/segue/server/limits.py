"""How much a client may send, and how long it may take. All limits are on unless they are set to None."""

import msgspec

from segue.http.request import Request

__all__ = ["Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds. The defaults are those of SECURITY.md.

    ``max_body`` holds where a route declares nothing else. ``min_body_rate`` (bytes per second) is asked of a body
    that has been waited for longer than ``body_timeout`` in all. ``max_pipelined`` requests of one connection wait
    for their turn before no more are read.
    """

    max_header_size: int = 32 * 1024
    max_header_count: int = 100
    max_target: int = 8 * 1024
    max_body: int | None = 2_500_000
    max_connections: int | None = 20_000
    max_pipelined: int = 32
    header_timeout: float = 10.0
    body_timeout: float = 30.0
    min_body_rate: int = 240
    request_timeout: float | None = 60.0
    write_timeout: float = 30.0
    keep_alive: float = 15.0
    linger: float = 2.0
    tls_handshake_timeout: float = 10.0

    def timeout_of(self, request: Request) -> float | None:
        """Seconds in which ``request`` must be answered: what its route says, or else ``request_timeout``."""
        timeout = msgspec.UNSET if request.endpoint is None else request.endpoint.timeout
        return self.request_timeout if timeout is msgspec.UNSET else timeout

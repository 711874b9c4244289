"""The two ends of a connection that requests come on."""

from segue.http.peer import Peer

__all__ = ["Connection"]


class Connection:
    """The two ends of the connection that requests came on.

    ``client`` and ``server``: (address, port), or None where the transport has none (a Unix socket's client).
    ``peer``: the process (pid, uid, gid) of a client on a Unix socket where the system tells. ``certificate``: what the client has shown for TLS and the
    server has found good, in DER; None for none.
    """

    __slots__ = ("certificate", "client", "closed", "peer", "scheme", "server")

    def __init__(
        self,
        scheme: str = "http",
        client: tuple[str, int] | None = None,
        server: tuple[str, int] | None = None,
        peer: Peer | None = None,
        certificate: bytes | None = None,
    ) -> None:
        self.scheme = scheme
        self.client = client
        self.server = server
        self.peer = peer
        self.certificate = certificate
        #: Set when the client is known to be gone.
        self.closed = False

    @property
    def remote(self) -> tuple[str, int] | None:
        """Who this machine is connected to: the client, or the proxy that is next to us. No header changes it."""
        return self.client

    @property
    def route(self) -> tuple[str, ...]:
        """The addresses that the request came over, the client's first and that of ``remote`` last."""
        return () if self.client is None else (self.client[0],)

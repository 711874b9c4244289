"""What trusted proxies say about the client, the scheme, the host and the prefix (RFC 7239)."""

import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from segue.http.clientcert import parse_client_certificate
from segue.http.connection import Connection
from segue.http.errors import BadRequest
from segue.http.forwarded import MAX_HOPS, Hop, parse_forwarded, parse_x_forwarded, split_node
from segue.http.malformed import Malformed
from segue.http.parameters import parse_header, split_list
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import decode_path

__all__ = ["Proxies"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_prefix = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%\-]+)+").fullmatch
_MOST_PREFIX = 1024


class Proxies:
    """Middleware: believes what trusted proxies say, and nobody else. Add it first.

        app.middleware(Proxies(trusted=["10.0.0.0/8"]))                      # nginx with X-Forwarded-For and -Proto
        app.middleware(Proxies(trusted=["*"], hops=1))                       # behind exactly one, wherever it is
        app.middleware(Proxies(secret="...", header="forwarded"))            # who knows the secret is trusted

    ``trusted``: addresses and networks of the proxies; ``"unix"`` is whoever connects by a Unix socket, ``"*"``
    anyone, which needs ``hops``. The client is the right-most address that is not trusted.
    ``hops``: instead, count this many from the right; a request with fewer is taken as it came.
    ``header``: the family that the proxies write: ``"x-forwarded"``, ``"forwarded"`` (RFC 7239), or the name of a
    header that holds one address, such as ``"x-real-ip"``. Only one is read: a proxy passes on what it does not know.
    ``secret``: with ``"forwarded"``, the element that has this ``secret=`` or ``by=`` was written by a trusted proxy,
    whatever its address.
    ``host``, ``path_prefix``: read ``X-Forwarded-Host`` (``host=``) and ``X-Forwarded-Prefix`` too. Only if your proxy
    sets or removes them: most pass on what the client sent.
    ``certificate``: the name of a field with the certificate that the client has shown, such as ``"client-cert"`` (RFC 9440) or ``"x-ssl-client-cert"``. Only if your proxy
    has found it good, and sets or removes the field.
    ``prefix``: where the app is mounted, such as ``"/api"``, for a proxy that does not say so. It is taken off the path
    if it is there, so that the proxy may strip it or not; links and redirects get it in both cases.
    """

    __slots__ = (
        "_networks",
        "_open_prefix",
        "_trusted",
        "certificate",
        "header",
        "hops",
        "host",
        "path_prefix",
        "prefix",
        "secret",
    )

    def __init__(
        self,
        trusted: Sequence[str] = (),
        *,
        hops: int | None = None,
        header: str = "x-forwarded",
        secret: str | None = None,
        host: bool = False,
        path_prefix: bool = False,
        certificate: str = "",
        prefix: str = "",
    ) -> None:
        if isinstance(trusted, str):
            raise TypeError(f"trusted is a list of addresses and networks: trusted=[{trusted!r}]")
        if "*" in trusted and hops is None:
            raise ValueError(
                'trusted=["*"] believes every address in the header, the client\'s own text too: say how many '
                "proxies there are, such as hops=1, or name their networks"
            )
        if hops is not None and not 1 <= hops <= MAX_HOPS:
            raise ValueError(f"hops is the number of proxies, from 1 to {MAX_HOPS}, not {hops!r}")
        if secret is not None and (header != "forwarded" or len(secret) < 16):
            raise ValueError('a secret has at least 16 characters, and goes with header="forwarded"')
        if prefix and not _prefix(prefix):
            raise ValueError(f"a prefix begins with a slash and ends without one, not {prefix!r}")
        self._trusted = frozenset(trusted)
        self._networks = [
            ipaddress.ip_network(one, strict=False) for one in trusted if one not in ("*", "unix")
        ]
        self.hops = hops
        self.header = header.lower()
        self.secret = secret
        self.host = host
        self.path_prefix = path_prefix
        self.certificate = certificate.lower()
        self.prefix = prefix
        self._open_prefix = decode_path(prefix)

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        client = request.connection.client
        prefix = self.prefix
        stripped = False
        if self._trusts("unix" if client is None else client[0]):
            try:
                self._believe(request, self._chain(request))
                if self.path_prefix and (said := request.headers.get("x-forwarded-prefix")) is not None:
                    prefix, stripped = _checked_prefix(said), True
            except Malformed as error:
                raise BadRequest(f"A proxy sent what cannot be read: {error.detail}.") from None
        elif self.secret is not None:
            try:
                self._believe(request, self._told_secret(request))
            except Malformed:
                pass  # from who does not know the secret, whatever it says
        if prefix:
            if not stripped:
                _strip(request, self._open_prefix)
            request.prefix = prefix + request.prefix
        (request.made or {}).pop("url", None)
        return await next(request)

    def _trusts(self, address: str) -> bool:
        if "*" in self._trusted or address in self._trusted:
            return True
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip.version == network.version and ip in network for network in self._networks)

    def _chain(self, request: Request) -> list[Hop]:
        """The hops that trusted proxies wrote, the nearest first."""
        headers = request.headers
        if self.header == "forwarded":
            hops = parse_forwarded(headers.joined("forwarded") or "")
        elif self.header == "x-forwarded":
            hops = parse_x_forwarded(
                headers.joined("x-forwarded-for") or "",
                proto=headers.joined("x-forwarded-proto") or "",
                host=headers.joined("x-forwarded-host") or "",
                port=headers.joined("x-forwarded-port") or "",
            )
        else:
            values = headers.get_all(self.header)
            if len(values) != 1:
                return []
            address, port = split_node(values[0])
            proto = headers.get("x-forwarded-proto", "")
            said = parse_x_forwarded(address, proto=proto)[-1]
            return [msgspec.structs.replace(said, port=port)]
        nearest_first = hops[::-1]
        if self.hops is not None:
            return nearest_first[: self.hops] if len(nearest_first) >= self.hops else []
        count = 0
        for hop in nearest_first:
            count += 1
            if not self._trusts(hop.client):
                break
        return nearest_first[:count]

    def _told_secret(self, request: Request) -> list[Hop]:
        field = request.headers.joined("forwarded") or ""
        elements = split_list(field)
        for hop, element in zip(reversed(parse_forwarded(field)), reversed(elements), strict=True):
            _, params = parse_header(";" + element)
            known = (self.secret or "").encode()
            if any(hmac.compare_digest(params.get(name, "").encode(), known) for name in ("secret", "by")):
                return [hop]
        return []

    def _believe(self, request: Request, chain: Sequence[Hop]) -> None:
        if not chain:
            return
        before = request.connection
        client, server, scheme, host = before.client, before.server, before.scheme, ""
        for hop in chain:
            if hop.client:
                client = (hop.client, hop.port or 0)
            scheme = {"http": "http", "https": "https", "ws": "http", "wss": "https"}.get(hop.proto, scheme)
            host = hop.host or host
        via = tuple(hop.client for hop in reversed(chain) if hop.client)
        request.connection = ForwardedConnection(before, scheme, client, server, via)
        # That of the connection is the proxy's own.
        request.connection.certificate = self._certificate(request)
        if self.host and host:
            fields = [field for field in request.raw_headers if field[0] != b"host"]
            request.raw_headers = [(b"host", host.encode("ascii")), *fields]
            (request.made or {}).pop("headers", None)

    def _certificate(self, request: Request) -> bytes | None:
        """What the client has shown to the proxy."""
        said = request.headers.get_all(self.certificate) if self.certificate else []
        if len(said) > 1:
            raise Malformed("several certificates of one client")
        return parse_client_certificate(said[0]) if said and said[0].strip() else None


class ForwardedConnection(Connection):
    """A connection as trusted proxies describe it. Whether it is open is the business of the real one."""

    __slots__ = ("_real", "_via")

    def __init__(
        self,
        real: Connection,
        scheme: str,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
        via: tuple[str, ...],
    ) -> None:
        self._real = real
        self._via = via
        super().__init__(scheme, client, server, real.peer)

    @property
    def remote(self) -> tuple[str, int] | None:
        return self._real.remote

    @property
    def route(self) -> tuple[str, ...]:
        return (*self._via, *self._real.route)

    @property
    def closed(self) -> bool:
        return self._real.closed

    @closed.setter
    def closed(self, value: bool) -> None:
        """Set by who owns the real one."""


def _checked_prefix(said: str) -> str:
    if len(said) > _MOST_PREFIX or (said not in ("", "/") and not _prefix(said.removesuffix("/"))):
        raise Malformed("a forwarded prefix is not the path of a URL")
    return said.removesuffix("/")


def _strip(request: Request, prefix: str) -> None:
    """Takes ``prefix`` off the path and the target, if the proxy has left it there."""
    if request.path != prefix and not request.path.startswith(prefix + "/"):
        return
    request.path = request.path[len(prefix) :] or "/"
    # The target may have other escapes for the same prefix, but it has as many segments.
    path, mark, query = request.target.partition("?")
    left = path.split("/", prefix.count("/") + 1)[prefix.count("/") + 1 :]
    request.target = f"/{''.join(left)}{mark}{query}"

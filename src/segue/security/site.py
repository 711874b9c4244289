"""What a whole site insists on: its hosts, HTTPS, and that browsers remember it (RFC 6797)."""

from collections.abc import Collection, Sequence

from segue.core.middleware.hosts import AllowedHosts
from segue.core.records import Next
from segue.http.errors import BadRequest, PermanentRedirect
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import split_authority

__all__ = ["LOOPBACK", "HostGuard", "SiteGuard"]

LOOPBACK = ("localhost", "*.localhost", "127.0.0.1", "[::1]")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
_MOST_KNOWN = 64
_SECURE = frozenset({"https", "wss"})


class HostGuard:
    """Middleware: answers for the hosts that are configured, or for names of this machine if none are."""

    __slots__ = ("_allowed", "_configured", "_known")

    def __init__(self, hosts: Sequence[str]) -> None:
        self._configured = bool(hosts)
        self._allowed = AllowedHosts(hosts or LOOPBACK)
        self._known: set[bytes] = set()

    def check(self, request: Request) -> None:
        """Raises BadRequest for another host."""
        named = [value for name, value in request.raw_headers if name == b"host"]
        if len(named) == 1:
            # PERF: clients ask for the same few again and again: 0.3 us instead of 2.
            if named[0] in self._known:
                return
            if self._allowed.allows(named[0].decode("latin-1")):
                if len(self._known) < _MOST_KNOWN:
                    self._known.add(named[0])
                return
        if self._configured:
            raise BadRequest("This server does not answer for that host.")
        raise BadRequest(
            "This server answers for names of its own machine only, until it is told its hosts: SECURITY_HOSTS."
        )

    async def __call__(self, request: Request, next: Next) -> Response:
        self.check(request)
        return await next(request)


class SiteGuard:
    """Middleware around everything: the hosts, and where HTTPS is wanted, that it is HTTPS."""

    __slots__ = ("_exempt", "_hosts", "_hsts", "_https")

    def __init__(self, hosts: HostGuard, *, https: bool, hsts: str, exempt: Collection[str]) -> None:
        self._hosts = hosts
        self._https = https
        self._hsts = hsts
        self._exempt = frozenset(exempt)

    async def __call__(self, request: Request, next: Next) -> Response:
        if request.path not in self._exempt:  # what watches over a server asks by its address
            self._hosts.check(request)
        if not self._https:
            return await next(request)
        if request.scheme in _SECURE:
            response = await next(request)
            if self._hsts:
                response.headers.setdefault("strict-transport-security", self._hsts)
            return response
        authority = request.host
        if authority in _LOCAL or request.path in self._exempt:
            return await next(request)
        host = split_authority(authority)[0] if authority else ""
        if host in _LOCAL or host.endswith(".localhost"):
            return await next(request)
        raise PermanentRedirect(f"https://{host}{request.prefix}{request.target}")

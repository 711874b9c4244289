"""Which hosts the app answers for."""

from collections.abc import Awaitable, Callable, Sequence

from segue.http.errors import BadRequest
from segue.http.malformed import Malformed
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import split_authority

__all__ = ["AllowedHosts"]


class AllowedHosts:
    """Middleware: a request for a host that is not in the list is a 400. Links and mails are made from the host.

        app.middleware(AllowedHosts(["example.com", "*.example.com", "[::1]", "localhost:8000"]))

    A name matches as a whole, without regard to case or a trailing dot. ``*.`` stands for one or more labels before
    the rest, but not for none. With a port, only that port; without, any. What a proxy says about the host counts if
    ``Proxies(host=True)`` was added before.

    Raises ValueError for what is not a host.
    """

    __slots__ = ("_exact", "_suffixes")

    def __init__(self, hosts: Sequence[str]) -> None:
        if isinstance(hosts, str):
            raise TypeError(f"the hosts are a list: AllowedHosts([{hosts!r}])")
        self._exact: set[tuple[str, int | None]] = set()
        self._suffixes: list[tuple[str, int | None]] = []
        for one in hosts:
            wild = one.startswith("*.")
            try:
                host, port = split_authority(one[2:] if wild else one)
            except Malformed:
                host, port = "", None
            if not host or "*" in host or "/" in one:
                raise ValueError(
                    f'{one!r} is not a host: write "example.com", "*.example.com", "example.com:8000" or "[::1]"'
                )
            if wild:
                self._suffixes.append(("." + host.rstrip("."), port))
            else:
                self._exact.add((host.rstrip("."), port))

    def allows(self, authority: str) -> bool:
        """Whether the value of a ``Host`` field is one of the hosts."""
        try:
            host, port = split_authority(authority)
        except Malformed:
            return False
        host = host.removesuffix(".")
        if not host:
            return False
        if (host, None) in self._exact or (host, port) in self._exact:
            return True
        return any(
            host.endswith(suffix) and host != suffix and wanted in (None, port)
            for suffix, wanted in self._suffixes
        )

    async def __call__(self, request: Request, next: Callable[[Request], Awaitable[Response]]) -> Response:
        values = request.headers.get_all("host")
        if len(values) != 1 or not self.allows(values[0]):
            # What was sent is not repeated: it may be a page's link one day.
            raise BadRequest("This server does not answer for that host.")
        return await next(request)

"""URLs that look other than the routes: rewritten as requests come in, and as they are written."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from segue.core.records import Next
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Rewrites"]

_PARTS = re.compile(r"((?:[a-z]+:)?//[^/?#]*|)([^?#]*)(.*)", re.DOTALL)
_SAFE = "/!$&'()*+,;=:@-._~%"


class Rewrites:
    r"""Middleware: answers old or prettier URLs by other routes, and writes them instead of those.

        app.middleware(Rewrites(
            {r"/film-(\d+)\.html": r"/films/\1"},             # as requests come in
            {r"/films/(\d+)": r"/film-\1.html"},              # as request.url_for writes them
        ))

    Regular expressions that have to match the whole path, below what the app is mounted at; the first that does counts.
    The query stays as it is. The client sees no redirect. Patterns meet what strangers send: keep them linear.
    """

    def __init__(self, incoming: Mapping[str, str], outgoing: Mapping[str, str] | None = None) -> None:
        self._incoming = [(re.compile(pattern), by) for pattern, by in incoming.items()]
        self._outgoing = [(re.compile(pattern), by) for pattern, by in (outgoing or {}).items()]

    async def __call__(self, request: Request, next: Next) -> Response:
        path = _rewritten(request.path, self._incoming)
        if path is not None:
            mark, query = ("?", request.query_string) if request.query_string else ("", "")
            request.path = path
            request.target = f"{quote(path, safe=_SAFE)}{mark}{query}"
        if self._outgoing:
            made = request.made = request.made or {}
            made["written_url"] = self._write
        return await next(request)

    def _write(self, prefix: str, url: str) -> str:
        """A URL path with query and fragment as it is shown."""
        parts = _PARTS.fullmatch(url)
        if parts is None:
            return url
        origin, path, rest = parts.groups()
        written = _rewritten(path.removeprefix(prefix), self._outgoing)
        return url if written is None else f"{origin}{prefix}{written}{rest}"


def _rewritten(path: str, rules: list[tuple[re.Pattern[str], str]]) -> str | None:
    for pattern, by in rules:
        found = pattern.fullmatch(path)
        if found is not None:
            return found.expand(by)
    return None

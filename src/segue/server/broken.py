"""Stands in for an application that does not load, in development: the browser shows why until a file changes."""

from segue.http.headers import RawHeaders
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["BrokenApplication"]


class BrokenApplication:
    """Answers every request with the reason. The page asks for itself again each second."""

    def __init__(self, reason: str) -> None:
        self._text = (
            f"The application does not start.\n\n{reason}\n\nSave the file, and this page goes on.\n".encode()
        )
        self.default_headers: RawHeaders = [
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-store"),
            (b"refresh", b"1"),
        ]

    async def startup(self) -> None:
        """Nothing is there to start."""

    async def shutdown(self) -> None:
        """Nothing is there to stop."""

    async def handle(self, request: Request) -> Response:
        return Response(self._text, 500, None, "text/plain; charset=utf-8")

"""A browser application beside an API: its files, and its first page for every address that it knows itself."""

import os
from typing import Unpack

from segue.core.errors.problems import prefers_html
from segue.core.files.mediatypes import MEDIA_TYPES
from segue.core.files.responses import in_thread
from segue.core.files.static import StaticFiles, StaticOptions
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["Frontend"]

_ASSETS = MEDIA_TYPES.keys() - {"html", "htm"}


class Frontend:
    """Answers what no route of the app does, from the directory that a bundler has built.

    A file is served as it is. For any other address a browser that asks for a page gets ``index.html``, and the
    script in it decides; but if there is a ``404.html``, that with status 404, for a site of many pages. A missing
    script or image, and any method but GET and HEAD, is a 404.
    """

    __slots__ = ("files",)

    def __init__(self, directory: str | os.PathLike[str], **options: Unpack[StaticOptions]) -> None:
        self.files = StaticFiles(directory, **options)

    async def root_page(self, request: Request) -> Response:
        """The handler for the first page."""
        return await self.respond(request, "")

    async def below(self, request: Request, path: str) -> Response:
        """The handler for every other address."""
        return await self.respond(request, path)

    async def respond(self, request: Request, path: str) -> Response:
        """The response for ``path``, below the prefix. Raises NotFound (404)."""
        if request.method not in ("GET", "HEAD"):
            raise NotFound
        try:
            return await self.files.respond(request, path)
        except NotFound:
            # The suffix decides too: who opens the address of a missing script in a browser shall see that it is missing.
            if not prefers_html(request) or path.rpartition(".")[2].lower() in _ASSETS:
                raise
        page = await in_thread(self.files.read, "404.html")
        if page is not None:
            return Response(page, 404, {"vary": "accept"}, "text/html; charset=utf-8")
        response = await self.files.respond(request, "index.html")
        response.headers.vary("accept")
        return response

"""Gives out what people have sent, so that none of it runs as a page of the site."""

from typing import TYPE_CHECKING

from segue.core.files.mediatypes import media_type
from segue.core.files.openfiles import open_file
from segue.core.files.responses import FileOptions, in_thread, respond_with
from segue.core.results.streams import Stream
from segue.core.texts.texts import framework
from segue.http.errors import Forbidden, Found, NotFound
from segue.http.filenames import content_disposition
from segue.http.request import Request
from segue.http.response import Response
from segue.storage.names import checked_name
from segue.storage.places.folder import FolderPlace
from segue.storage.shown import is_shown

if TYPE_CHECKING:
    from segue.storage.storage import Storage

__all__ = ["served"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_YEAR = 31_536_000


async def served(storage: "Storage", request: Request, path: str) -> Response:
    """The response for a kept file. Raises NotFound (404), and Forbidden (403) for a link that is not signed."""
    links = storage.links
    if links is not None and not links.is_genuine(request.prefix + request.target):
        raise Forbidden(framework.gettext("This link is not valid, or not any more."))
    try:
        name = checked_name(path)
    except ValueError:
        raise NotFound from None
    kind = media_type(name)
    response = await _response(storage, request, name, shown=is_shown(kind))
    headers = response.headers
    headers["x-content-type-options"] = "nosniff"
    headers["content-security-policy"] = _POLICY
    # A name is given once, so what is behind it does not change; but what is private, no shared cache may keep.
    if response.status in (200, 206, 304):
        headers["cache-control"] = (
            f"public, max-age={_YEAR}, immutable" if links is None else f"private, max-age={storage.expires}"
        )
    return response


async def _response(storage: "Storage", request: Request, name: str, *, shown: bool) -> Response:
    place = storage.place
    if isinstance(place, FolderPlace):
        try:
            opened = await in_thread(open_file, str(place.path(name)))
        except ValueError:  # a link that leads out of the folder
            raise NotFound from None
        if opened is None:
            raise NotFound
        return respond_with(request, opened, FileOptions(download=not shown))
    link = place.link(name, storage.expires)
    if link is not None:
        # Away from the site's own origin, nothing in it can reach the site.
        raise Found(link, headers={"cache-control": "private, no-store"})
    try:
        facts = await storage.facts(name)
    except FileNotFoundError:
        raise NotFound from None
    fields = {
        "content-type": media_type(name),
        "content-length": str(facts.size),
        "content-disposition": content_disposition(name.rpartition("/")[2], inline=shown),
    }
    pieces = storage.stream(name)
    first = await anext(pieces, None)
    return Response(Stream(pieces, lambda piece: piece, first, getattr(pieces, "aclose", None)), 200, fields)

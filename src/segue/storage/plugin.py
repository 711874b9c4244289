"""The plugin that gives an app a storage for files, and serves what is in it."""

import contextlib
import os
from collections.abc import AsyncGenerator

from segue.core.plugins.setup import Setup
from segue.core.ports import SignsLinks
from segue.http.request import Request
from segue.http.response import Response
from segue.storage.place import Place
from segue.storage.serving import served
from segue.storage.storage import Storage

__all__ = ["Media"]


class Media:
    """Handlers get the storage by asking for it, ``media: Storage``; browsers get the files below ``at``.

        app = App(plugins=[Media("media/")])
        app = App(plugins=[Media("s3://films/media", links=SignedLinks(keys, "media"))])

    ``where``: a Storage, or what ``Storage`` takes. ``links``: files are private, and only who has a link that these have
    signed gets one; it is good for ``expires`` seconds. ``{{ media_url(film.poster) }}`` in a template, and
    ``media.url(request, name)``, are such links. ``name``: that of the route; a second storage needs another one, and a
    class of its own: ``class Invoices(Storage): ...``. ``at``: None serves nothing.

    What is no picture, sound or text is downloaded, never shown: a page that somebody has uploaded does not run here.
    """

    name = "media"

    def __init__(
        self,
        where: "Storage | Place | str | os.PathLike[str]" = "media",
        *,
        at: str | None = "/media",
        name: str = "media",
        links: SignsLinks | None = None,
        expires: int = 3600,
    ) -> None:
        self.storage = where if isinstance(where, Storage) else Storage(where)
        self.name = name
        self._at = at
        self.storage.route = name
        self.storage.links = links
        self.storage.expires = expires

    def setup(self, to: Setup) -> None:
        """Provides the storage, and declares the route."""
        storage = self.storage

        @contextlib.asynccontextmanager
        async def opened() -> AsyncGenerator[None, None]:
            yield
            await storage.close()

        to.lifespan(opened)
        to.provide(type(storage), lambda: storage)
        if self._at is None:
            return

        async def give(request: Request, path: str) -> Response:
            return await served(storage, request, path)

        to.get(f"{self._at.rstrip('/')}/{{path:path}}", name=self.name, documented=False)(give)

        def media_url(request: Request, name: str) -> str:
            return storage.url(request, name)

        to.template_global(media_url, name=f"{self.name}_url")

"""Keeps files by names of its own."""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from segue.core.files.mediatypes import media_type
from segue.core.ports import SignsLinks
from segue.core.texts.texts import framework
from segue.http.errors import ContentTooLarge
from segue.http.request import Request
from segue.http.uploads import UploadFile
from segue.storage.names import checked_name, new_name
from segue.storage.place import PIECE, Facts, Place
from segue.storage.places.folder import FolderPlace

_ = framework.gettext

__all__ = ["Check", "Content", "Kept", "Storage", "place_of"]

Content: TypeAlias = UploadFile | bytes | Path | AsyncIterable[bytes]
"""What can be kept: a file of a form, bytes, a file of this machine, pieces as they come such as ``request.stream()``."""


class Kept(Struct, frozen=True):
    """A file that was kept. ``name`` is what to remember of it; ``width`` and ``height`` are those of a picture."""

    name: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None


class Checked(Protocol):
    """What a check gives: the content to be kept in its place, and its true suffix."""

    @property
    def content(self) -> bytes: ...
    @property
    def suffix(self) -> str: ...


class Check(Protocol):
    """Looks at a file before it is kept, in a thread: ``Images``, or your own. Raises FileRefused.

    None: it is kept as it came. ``width`` and ``height`` of what it gives are passed on.
    """

    def __call__(self, file: BinaryIO, /) -> Checked | None: ...


class Storage:
    """Keeps files that people send: in a folder, at S3, in memory.

        storage = Storage("media/")                                     # or "s3://bucket/prefix", "memory:"
        kept = await storage.save(upload, folder="invoices")            # kept.name: "invoices/may-7h2k....pdf"
        async for piece in storage.stream(kept.name): ...

    A file gets a name that nobody can guess and no other one has; what the client called it is only its beginning. Names are
    texts to be stored with your data. ``max_size``: bytes that a file may have. ``options``: those of the place.

    Raises ValueError for what is no place.
    """

    def __init__(
        self,
        where: "str | os.PathLike[str] | Place" = "media",
        *,
        max_size: int | None = None,
        **options: Any,
    ) -> None:
        self.place: Place = place_of(where, options)
        self.max_size = max_size
        #: The route that gives them out, what signs its links, and the seconds for which one is good.
        self.route = "media"
        self.links: SignsLinks | None = None
        self.expires = 3600

    async def save(
        self, content: Content, *, folder: str = "", filename: str | None = None, check: Check | None = None
    ) -> Kept:
        """Keeps a file, under a name of its own in ``folder``. ``filename``: what it is called, if it does not say itself.

        ``check`` looks at it first, and may keep something else in its place.

        Raises FileRefused (422) for what the check does not take, ContentTooLarge (413), InsufficientStorage (507) where there
        is no room, ServiceUnavailable (503) where the place cannot be reached. Nothing is kept then.
        """
        called = filename or getattr(content, "filename", None) or getattr(content, "name", None) or "file"
        if check is not None:
            checked = await _checked(content, check, self.max_size)
            if checked is not None:
                name = new_name(called, folder, suffix=checked.suffix)
                size = await self._write(name, checked.content)
                return Kept(
                    name,
                    size,
                    media_type(name),
                    getattr(checked, "width", None),
                    getattr(checked, "height", None),
                )
        name = new_name(called, folder)
        return Kept(name, await self._write(name, content), media_type(name))

    async def put(self, name: str, content: Content) -> Kept:
        """Keeps a file under a name that you choose; what was there is replaced. Raises as :meth:`save`, and ValueError."""
        return Kept(checked_name(name), await self._write(name, content), media_type(name))

    def stream(self, name: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of a file, piece by piece. Raises FileNotFoundError."""
        return self.place.read(checked_name(name), start, stop)

    async def read(self, name: str, limit: int = 10_000_000) -> bytes:
        """All bytes of a file. Raises FileNotFoundError, and ContentTooLarge for more than ``limit``."""
        return await _all_of(self.stream(name), limit)

    async def facts(self, name: str) -> Facts:
        """Its size, and when it was kept. Raises FileNotFoundError."""
        return await self.place.facts(checked_name(name))

    async def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            await self.facts(name)
        except (FileNotFoundError, ValueError):
            return False
        return True

    async def delete(self, name: str) -> None:
        """Takes a file away, if it is there, and its thumbnails."""
        await self.place.delete(checked_name(name))
        async for small in self.place.names(f"thumbnails/{name}"):
            await self.place.delete(small.name)

    def names(self, folder: str = "") -> AsyncIterator[Facts]:
        """All files, or those below a folder."""
        return self.place.names(checked_name(folder.strip("/")) if folder.strip("/") else "")

    def url(self, request: Request, name: str) -> str:
        """Where a browser gets it: below the path that ``Media`` has given it; signed, where files are private."""
        url = request.url_for(self.route, path=checked_name(name))
        return url if self.links is None else self.links.sign(url, expires=self.expires)

    async def thumbnail(self, name: str, width: int, height: int, *, crop: bool = False) -> str:
        """The name of a small picture of a kept one, which fits into ``width`` x ``height``; ``crop`` fills it. It is made once.

        Raises FileNotFoundError, and FileRefused where the file is no picture.
        """
        small = f"thumbnails/{checked_name(name)}/{width}x{height}{'-crop' if crop else ''}.webp"
        if not await self.exists(small):
            from segue.storage.images import thumbnail

            content = await asyncio.to_thread(
                thumbnail, await self.read(name, 50_000_000), width, height, crop=crop
            )
            await self.put(small, content)
        return small

    async def close(self) -> None:
        """Lets go of what the place holds."""
        await self.place.close()

    async def _write(self, name: str, content: Content) -> int:
        pieces = _limited(_pieces_of(content), self.max_size)
        return await self.place.write(name, pieces, media_type(name))


def place_of(where: "str | os.PathLike[str] | Place", options: dict[str, Any]) -> Place:
    """The place that an address means. Raises ValueError."""
    if isinstance(where, str | os.PathLike):
        text = os.fspath(where)
        if text.startswith("s3://"):
            from segue.storage.places.s3 import S3Place

            parts = urlsplit(text)
            return S3Place(parts.netloc, parts.path, **options)
        if options:
            raise ValueError(f"{text!r} has no options, but these were given: {', '.join(options)}")
        if text == "memory:":
            from segue.storage.places.memory import MemoryPlace

            return MemoryPlace()
        if "://" in text:
            raise ValueError(
                f"{text!r} is no place for files: there are folders, s3://bucket/prefix and memory:, and objects of your own "
                f"that are a Place"
            )
        return FolderPlace(text)
    return where


async def _pieces_of(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, bytes | bytearray | memoryview):
        yield bytes(content)
    elif isinstance(content, UploadFile):
        content.seek(0)
        while piece := await asyncio.to_thread(content.read, PIECE):
            yield piece
    elif isinstance(content, Path):
        file = await asyncio.to_thread(content.open, "rb")
        try:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece
        finally:
            file.close()
    else:
        async for piece in content:
            yield piece


async def _limited(pieces: AsyncIterator[bytes], limit: int | None) -> AsyncIterator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if limit is not None and size > limit:
            raise ContentTooLarge(_("A file may have %(most)s bytes.", most=f"{limit:,}"))
        yield piece


async def _all_of(pieces: AsyncIterator[bytes], limit: int | None) -> bytes:
    return b"".join([piece async for piece in _limited(pieces, limit)])


async def _checked(content: Content, check: Check, limit: int | None) -> Checked | None:
    import io

    if isinstance(content, UploadFile):
        if limit is not None and content.size > limit:
            raise ContentTooLarge(_("A file may have %(most)s bytes.", most=f"{limit:,}"))
        content.seek(0)
        return await asyncio.to_thread(check, content.file)
    if not isinstance(content, bytes | Path):
        raise TypeError(
            "a check looks at a whole file: give it one of a form, bytes or a Path, not pieces that are still to come"
        )
    file = io.BytesIO(content) if isinstance(content, bytes) else await asyncio.to_thread(content.open, "rb")
    with file:
        return await asyncio.to_thread(check, file)

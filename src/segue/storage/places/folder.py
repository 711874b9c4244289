"""Files in a folder of this machine, which nobody else may read: files have mode 0600, folders 0700, whatever the umask."""

import asyncio
import errno
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from segue.http.errors import InsufficientStorage
from segue.http.filenames import safe_join
from segue.storage.place import PIECE, Facts

__all__ = ["FolderPlace"]

_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))
_TEMPORARY = ".writing-"


class FolderPlace:
    """``Storage("media/")``. A file is there when all of it is; links that lead out of the folder are not followed."""

    def __init__(self, folder: "str | os.PathLike[str]") -> None:
        self.folder = Path(folder).absolute()

    async def write(self, name: str, pieces: AsyncIterable[bytes], content_type: str) -> int:
        path = self.path(name)
        size = 0
        try:
            file, temporary = await asyncio.to_thread(self._begin, path)
            try:
                try:
                    async for piece in pieces:
                        size += len(piece)
                        await asyncio.to_thread(file.write, piece)
                finally:
                    await asyncio.to_thread(file.close)
                await asyncio.to_thread(temporary.replace, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            _told(error)
        return size

    async def read(self, name: str, start: int, stop: int | None) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._opened, name, start)
        try:
            left = None if stop is None else max(0, stop - start)
            while left is None or left > 0:
                piece = await asyncio.to_thread(file.read, PIECE if left is None else min(PIECE, left))
                if not piece:
                    return
                if left is not None:
                    left -= len(piece)
                yield piece
        finally:
            await asyncio.to_thread(file.close)

    async def facts(self, name: str) -> Facts:
        found = await asyncio.to_thread(self._facts, name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._delete, name)

    async def names(self, folder: str) -> AsyncIterator[Facts]:
        for found in await asyncio.to_thread(self._below, folder):
            yield found

    def link(self, name: str, seconds: int) -> None:
        return None

    async def close(self) -> None: ...

    def path(self, name: str) -> Path:
        """Where a file is. Raises ValueError for a name that leads out of the folder."""
        joined = safe_join(str(self.folder), name)
        if joined is None or not Path(joined).resolve().is_relative_to(self.folder.resolve()):
            raise ValueError(f"{name!r:.200} leads out of {self.folder}")
        return Path(joined)

    # --- what follows blocks -------------------------------------------------------------------------------------

    def _begin(self, path: Path) -> tuple[BinaryIO, Path]:
        self._make_folder(path.parent)
        handle, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
        Path(temporary).chmod(0o600)  # as it is by itself, but for the most peculiar umask
        return os.fdopen(handle, "wb"), Path(temporary)

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for one in reversed(missing):
            # A umask takes away only; one of 0o277 would leave a folder that nobody can use.
            one.mkdir(mode=0o700, exist_ok=True)
            one.chmod(0o700)

    def _opened(self, name: str, start: int) -> BinaryIO:
        path = self.path(name)
        if not path.is_file():
            raise FileNotFoundError(name)
        file = path.open("rb")
        file.seek(start)
        return file

    def _facts(self, name: str) -> Facts | None:
        path = self.path(name)
        try:
            found = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Facts(name, found.st_size, found.st_mtime) if path.is_file() else None

    def _delete(self, name: str) -> None:
        path = self.path(name)
        if path.is_file():
            path.unlink(missing_ok=True)

    def _below(self, folder: str) -> list[Facts]:
        top = self.path(folder) if folder else self.folder
        found = []
        for root, folders, files in os.walk(top):
            folders.sort()
            for file in sorted(files):
                path = Path(root) / file
                name = path.relative_to(self.folder).as_posix()
                if not file.startswith(_TEMPORARY) and (facts := self._facts(name)) is not None:
                    found.append(facts)
        return sorted(found, key=lambda one: one.name)


def _told(error: OSError) -> NoReturn:
    if error.errno in _NO_ROOM:
        raise InsufficientStorage("There is no room left to keep the file.") from error
    raise error

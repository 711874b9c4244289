"""Files that came with a form."""

import contextlib
import errno
import io
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from segue.http.errors import BadRequest, InsufficientStorage
from segue.http.filenames import secure_filename
from segue.http.multidict import MultiDict

__all__ = ["Offload", "Spool", "UploadFile"]

T = TypeVar("T")

BATCH = 262_144
"""Bytes that are written to disk at once: a hop to another thread costs as much as writing many small pieces."""

_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))
_FULL = "There is no room left to keep the file."


class Offload(Protocol):
    """Runs blocking work where it does not hold up the loop, and waits for it."""

    def __call__(self, function: Callable[..., T], /, *args: Any) -> Awaitable[T]:
        """Calls `function(*args)` and gives its result."""
        ...


class UploadFile:
    """A file that came with a form. It is closed, and gone, when the request ends: `save` it to keep it.

    ::

        async def avatar(picture: File) -> None:
            await picture.save(folder / picture.filename)

    - `filename`: a safe base name, never empty. `raw_filename`: what the client sent; no name for a path.
    - `content_type`: what the client says it is, without parameters; a claim.
    - `headers`: those of its part, by lower-case name. `size`: bytes.
    - `file`: the content, open for reading at its start; in memory if it is small. Reading it does not wait.
    """

    __slots__ = ("_offload", "content_type", "file", "filename", "headers", "raw_filename", "size")

    def __init__(
        self,
        file: BinaryIO,
        *,
        size: int,
        raw_filename: str,
        content_type: str,
        headers: MultiDict[str],
        offload: Offload,
    ) -> None:
        self.file = file
        self.size = size
        self.raw_filename = raw_filename
        self.filename = secure_filename(raw_filename)
        self.content_type = content_type
        self.headers = headers
        self._offload = offload

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, or all that are left."""
        return self.file.read(size)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a place in the file, as `io.IOBase.seek`."""
        return self.file.seek(offset, whence)

    async def save(
        self, path: str | os.PathLike[str], *, within: str | os.PathLike[str] | None = None
    ) -> Path:
        """Writes the file to `path`, or under its `filename` into `path` if that is a folder, and says where it is.

        `within`: the folder that `path` is below, and may not lead out of, neither by `..` nor as a whole path nor by a
        symbolic link: for paths that somebody else has a say in. Raises `BadRequest` (400) where it does.

        What is there already is replaced at once, when all is written: nobody sees half a file. Only the user
        of this process may read it (mode 0600).

        Raises `InsufficientStorage` (507) when the disk is full, otherwise what the system says (`OSError`).
        """
        return await self._offload(self._save, Path(path), None if within is None else Path(within))

    def _save(self, path: Path, within: Path | None) -> Path:
        import shutil
        import tempfile

        if within is not None:
            path = _below(within, path)
        if path.is_dir():
            path /= self.filename
        position = self.file.tell()
        try:
            handle, name = tempfile.mkstemp(prefix=".upload-", dir=path.parent)
            temporary = Path(name)
            try:
                with os.fdopen(handle, "wb") as target:
                    self.file.seek(0)
                    shutil.copyfileobj(self.file, target, BATCH)
                temporary.replace(path)
            except BaseException:
                temporary.unlink()
                raise
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise InsufficientStorage(_FULL) from error
            raise
        finally:
            self.file.seek(position)
        return path

    def close(self) -> None:
        """Lets go of the content; a temporary file is gone with it. May be called again."""
        self.file.close()

    def __repr__(self) -> str:
        return f"<UploadFile {self.filename!r} {self.content_type} {self.size} bytes>"


def _below(folder: Path, path: Path) -> Path:
    """`path` in `folder`. Raises `BadRequest` for one that leads out of it."""
    try:
        whole = folder.resolve()
        found = (whole / path).resolve()
    except (ValueError, OSError) as error:  # a NUL, or links that go in a circle
        raise BadRequest("A file cannot be saved under this name.") from error
    if not found.is_relative_to(whole):
        raise BadRequest("A file cannot be saved under this name.")
    return found


class Spool:
    """Takes in a file of unknown size: in memory as long as it is small, then in a temporary file.

    `add` is for each piece, `flush` for when it says that there is enough to write, `finish` for the end.
    """

    __slots__ = ("_closed", "_file", "_pieces", "_unwritten", "memory_size", "size")

    def __init__(self, memory_size: int) -> None:
        #: The size in bytes up to which it stays in memory.
        self.memory_size = memory_size
        self.size = 0
        self._pieces: list[bytes] = []
        self._unwritten = 0
        self._file: BinaryIO | None = None
        self._closed = False

    def add(self, piece: bytes) -> bool:
        """Takes a piece; says whether it is time to `flush`."""
        self._pieces.append(piece)
        self._unwritten += len(piece)
        self.size += len(piece)
        return self._unwritten >= BATCH and self.size > self.memory_size

    async def flush(self, offload: Offload) -> None:
        """Writes what was added to the temporary file. Raises `InsufficientStorage` when there is no room."""
        pieces, self._pieces, self._unwritten = self._pieces, [], 0
        await offload(self._write, pieces)

    def _write(self, pieces: list[bytes]) -> None:
        try:
            if self._file is None:
                import tempfile

                # It has no name in the file system where that is possible: a crash leaves nothing behind.
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the form
            self._file.write(b"".join(pieces))
            self._file.flush()
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise InsufficientStorage(_FULL) from error
            raise
        finally:
            # Who waited may have been cancelled meanwhile, and have closed it before there was a file.
            if self._closed:
                self.close()

    async def finish(self, offload: Offload) -> BinaryIO:
        """The content, at its start."""
        if self.size > self.memory_size and self._pieces:
            await self.flush(offload)
        if self._file is None:
            return io.BytesIO(b"".join(self._pieces))
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Throws away what was taken in."""
        self._closed = True
        self._pieces = []
        if self._file is not None:
            # To close is to flush, and on a full disk that fails again; the file is closed all the same.
            with contextlib.suppress(OSError):
                self._file.close()

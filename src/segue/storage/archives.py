"""ZIP and TAR files unpacked, within limits, into a folder that nothing in them can leave."""

import os
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from segue.core.texts.texts import framework
from segue.http.filenames import safe_join
from segue.storage.refused import FileRefused

_ = framework.gettext

__all__ = ["unpack"]

_PIECE = 64 * 1024


class _Entry(NamedTuple):
    name: str
    size: int
    is_folder: bool
    is_file: bool
    what: Any


def unpack(
    file: "BinaryIO | str | os.PathLike[str]",
    folder: "str | os.PathLike[str]",
    *,
    max_files: int = 10_000,
    max_size: int = 1_000_000_000,
) -> list[Path]:
    """Unpacks a ZIP or TAR file into a new folder, and gives the files. Blocks: for a thread.

        files = await asyncio.to_thread(unpack, upload.file, "import/films")

    All of it is there in the end, or nothing. Names that lead out of the folder, links, devices, two files of one name, names that
    a system would read in another way: refused. ``max_size``: bytes of all files together, counted while they are
    unpacked, whatever the archive says. Files have mode 0600, folders 0700, whatever the archive and the umask say.

    Raises FileRefused, and FileExistsError where the folder is there already.
    """
    target = Path(folder)
    target.mkdir(mode=0o700)
    target.chmod(0o700)
    try:
        return _unpacked(file, target, max_files, max_size)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _unpacked(file: Any, target: Path, max_files: int, max_size: int) -> list[Path]:
    made: list[Path] = []
    seen: set[str] = set()
    left = max_size
    try:
        for count, (entry, opened) in enumerate(_entries(file), 1):
            if count > max_files:
                raise FileRefused(_("The archive has more than %(most)s files.", most=f"{max_files:,}"))
            name = entry.name.rstrip("/")
            path = safe_join(str(target), name)
            if path is None or name.casefold() in seen:
                raise FileRefused(
                    _(
                        "The archive has a file named %(name)s, which is not unpacked.",
                        name=f"{entry.name!r:.200}",
                    )
                )
            seen.add(name.casefold())
            if entry.is_folder:
                _folder(target, Path(path))
            elif entry.is_file:
                _folder(target, Path(path).parent)
                left -= _copied(opened(), Path(path), left, max_size)
                made.append(Path(path))
            else:
                raise FileRefused(
                    _(
                        "The archive has a link or a device, %(name)s: only files are unpacked.",
                        name=f"{entry.name!r:.200}",
                    )
                )
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        if (
            isinstance(error, OSError)
            and error.errno is not None
            and not isinstance(error, FileExistsError | NotADirectoryError)
        ):
            raise
        raise FileRefused(_("The archive is broken, or of a kind that is not unpacked.")) from error
    return made


def _entries(file: Any) -> Iterator[tuple[_Entry, Any]]:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                plain = kind in (0, stat.S_IFREG)
                entry = _Entry(
                    info.filename, info.file_size, info.is_dir(), plain and not info.is_dir(), info
                )
                yield entry, lambda one=info: archive.open(one)
        return
    if hasattr(file, "seek"):
        file.seek(0)
    with tarfile.open(**({"fileobj": file} if hasattr(file, "read") else {"name": file}), mode="r:*") as tar:
        for member in tar:
            entry = _Entry(member.name, member.size, member.isdir(), member.isreg(), member)
            yield entry, lambda one=member: tar.extractfile(one)


def _folder(target: Path, folder: Path) -> None:
    missing = []
    while folder != target and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700)
        one.chmod(0o700)


def _copied(source: IO[bytes], path: Path, left: int, most: int) -> int:
    size = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with source, os.fdopen(handle, "wb") as target:
        path.chmod(0o600)
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > left:
                raise FileRefused(
                    _("The files of the archive have more than %(most)s bytes.", most=f"{most:,}")
                )
            target.write(piece)
    return size

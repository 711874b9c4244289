"""The store in files of a folder, one for each key, which all workers of one machine share and which outlives them."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import struct
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from segue.stores.store import StoreDown

__all__ = ["FileStore"]

T = TypeVar("T")

_UNTIL = struct.Struct(">d")
_NEVER = float("inf")
_SWEEP_EVERY = 512  # writes
_LEFT = 3_600.0  # seconds after which nobody writes to a file any more
_LOCKS = ".locks"


class FileStore:
    """Keeps up to ``size`` bytes in files of a folder, which only its owner may read: ``"files:///cache"``.

    So that the tools of the system can look at it and take it away; an SQLite file is faster. A file is always whole. Not for
    network file systems, whose locks cannot be relied on, and not for Windows.
    """

    shared = True

    def __init__(self, folder: str | os.PathLike[str], size: int = 256 * 1024 * 1024) -> None:
        self._folder = Path(folder)
        self._size = size
        self._writes = 0

    async def get(self, key: str, renew: float | None = None) -> bytes | None:
        def work() -> bytes | None:
            if renew is None:
                found = self._read(key)
                return None if found is None else found[1]
            with self._locked(key):
                found = self._read(key)
                if found is not None:
                    self._write(key, found[1], renew)
                return None if found is None else found[1]

        return await self._run(work)

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        def work() -> list[bytes | None]:
            found = [self._read(key) for key in keys]
            return [None if one is None else one[1] for one in found]

        return await self._run(work)

    async def set(self, key: str, value: bytes, seconds: float | None) -> None:
        def work() -> None:
            with self._locked(key):
                self._write(key, value, seconds)
            self._sweep()

        await self._run(work)

    async def add(self, key: str, value: bytes, seconds: float | None) -> bool:
        def work() -> bool:
            with self._locked(key):
                if self._read(key) is not None:
                    return False
                self._write(key, value, seconds)
            self._sweep()
            return True

        return await self._run(work)

    async def swap(self, key: str, old: bytes, new: bytes, seconds: float | None) -> bool:
        def work() -> bool:
            with self._locked(key):
                found = self._read(key)
                if found is None or found[1] != old:
                    return False
                self._write(key, new, seconds)
                return True

        return await self._run(work)

    async def touch(self, key: str, seconds: float | None) -> bool:
        def work() -> bool:
            with self._locked(key):
                found = self._read(key)
                if found is not None:
                    self._write(key, found[1], seconds)
                return found is not None

        return await self._run(work)

    async def delete(self, keys: Sequence[str]) -> int:
        def work() -> int:
            count = 0
            for key in keys:
                with self._locked(key):
                    count += self._read(key) is not None
                    self._path(key).unlink(missing_ok=True)
            return count

        return await self._run(work) if keys else 0

    async def delete_if(self, key: str, value: bytes) -> bool:
        def work() -> bool:
            with self._locked(key):
                found = self._read(key)
                if found is None or found[1] != value:
                    return False
                self._path(key).unlink(missing_ok=True)
                return True

        return await self._run(work)

    async def increment(self, key: str, by: int, seconds: float | None) -> int:
        def work() -> int:
            with self._locked(key):
                found = self._read(key)
                if found is None:
                    self._write(key, b"%d" % by, seconds)
                    return by
                number = int(found[1]) + by
                self._write(key, b"%d" % number, None, until=found[0])
                return number

        return await self._run(work)

    async def clear(self, prefix: str = "") -> None:
        def work() -> None:
            if prefix:
                shutil.rmtree(self._space(prefix), ignore_errors=True)
                return
            if self._folder.is_dir():
                for entry in self._folder.iterdir():
                    # What holds the locks stays: somebody may have one of them.
                    if entry.name != _LOCKS:
                        shutil.rmtree(entry, ignore_errors=True)

        await self._run(work)

    async def delete_expired(self) -> int:
        return await self._run(lambda: self._forget_expired()[0])

    async def close(self) -> None:
        """There is nothing to close."""

    # --- files ---------------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            raise StoreDown(f"{self._folder}: {error}") from error

    def _space(self, prefix: str) -> Path:
        # A plus stands in no name of two hexadecimal digits: a namespace is never taken for a part of one.
        parts = [quote(part, safe="").replace(".", "%2E") + "+" for part in prefix.split("/") if part]
        return self._folder.joinpath(*parts)

    def _path(self, key: str) -> Path:
        space = key.rpartition("/")[0]
        name = hashlib.blake2b(key.encode(), digest_size=20).hexdigest()
        return self._space(space) / name[:2] / name

    def _read(self, key: str) -> tuple[float, bytes] | None:
        try:
            content = self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if len(content) < _UNTIL.size:
            return None
        (until,) = _UNTIL.unpack_from(content)
        return None if until <= time.time() else (until, content[_UNTIL.size :])

    def _write(self, key: str, value: bytes, seconds: float | None, *, until: float | None = None) -> None:
        if until is None:
            until = _NEVER if seconds is None else time.time() + seconds
        path = self._path(key)
        beside = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        content = _UNTIL.pack(until) + value
        for attempt in (1, 2, 3):
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                beside.replace(path)
                return
            except FileNotFoundError:
                if attempt == 3:  # the folder was cleared meanwhile
                    raise
            except BaseException:
                with contextlib.suppress(OSError):
                    beside.unlink()
                raise

    @contextlib.contextmanager
    def _locked(self, key: str) -> Generator[None]:
        import fcntl

        folder = self._folder / _LOCKS
        path = folder / hashlib.blake2b(key.encode(), digest_size=1).hexdigest()
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(exist_ok=True)
            descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # and with it the lock is given back

    def _sweep(self) -> None:
        """Takes away what is over, and the oldest where there is too much; now and then."""
        self._writes += 1
        if self._writes % _SWEEP_EVERY:
            return
        used, files = self._forget_expired()[1:]
        for _, size, path in sorted(files, key=lambda one: one[0]):
            if used <= self._size:
                break
            path.unlink(missing_ok=True)
            used -= size

    def _forget_expired(self) -> tuple[int, int, list[tuple[float, int, Path]]]:
        """How many were over, and what is left: its size, and each file with its age and size."""
        now = time.time()
        over, used, files = 0, 0, []
        for path in self._files():
            try:
                with path.open("rb") as file:
                    head = file.read(_UNTIL.size)
                    stat = os.fstat(file.fileno())
            except OSError:
                continue
            if "." in path.name:  # one that was never finished
                if now - stat.st_mtime > _LEFT:
                    path.unlink(missing_ok=True)
                continue
            if len(head) < _UNTIL.size or _UNTIL.unpack(head)[0] <= now:
                # Written anew at this very moment, it is lost: a store may forget anything.
                path.unlink(missing_ok=True)
                over += 1
            else:
                used += stat.st_size
                files.append((stat.st_mtime, stat.st_size, path))
        return over, used, files

    def _files(self) -> Iterator[Path]:
        for folder, folders, names in os.walk(self._folder):
            if _LOCKS in folders:
                folders.remove(_LOCKS)
            for name in names:
                yield Path(folder, name)

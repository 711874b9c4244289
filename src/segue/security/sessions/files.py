"""Sessions in files of a folder, one for each, which the workers of a machine share."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from segue.core.ports import StoredSession
from segue.core.turns import Turns

__all__ = ["FileSessions"]

_LEFT = 3_600.0  # seconds after which nobody writes to a file any more


class Kept(msgspec.Struct, array_like=True):
    """What is in a file. ``until``: seconds since 1970."""

    session: StoredSession
    until: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


class FileSessions:
    """Keeps sessions as files in a folder: ``Sessions(FileSessions("sessions"))``.

    So that the tools of the system can look at single sessions and take them away; an SQLite file is faster. The folder is made when
    it is needed, readable for its owner only. A file is always whole: it is written beside, and then takes the place of the old one.
    What has ended is swept, and what processes that died have left. Not for network file systems, whose locks cannot be relied on,
    and not for Windows.
    """

    def __init__(self, folder: "str | os.PathLike[str]" = "sessions") -> None:
        self._folder = Path(folder)
        self._turns = Turns()

    async def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        await self.sweep()

    async def close(self) -> None:
        """There is nothing to close."""

    async def read(self, key: str) -> StoredSession | None:
        return await asyncio.to_thread(self._read, key)

    async def create(self, key: str, session: StoredSession, keep: float) -> None:
        kept = Kept(session, time.time() + keep)

        def work() -> None:
            with self._locked(key):
                self._write(key, kept)

        await asyncio.to_thread(work)

    async def merge(self, key: str, changes: Mapping[str, bytes | None], used: float, keep: float) -> bool:
        def work() -> bool:
            with self._locked(key):
                session = self._read(key)
                if session is None:
                    return False
                for name, value in changes.items():
                    if value is None:
                        session.data.pop(name, None)
                    else:
                        session.data[name] = value
                session.used = max(used, session.used)
                self._write(key, Kept(session, time.time() + keep))
                return True

        return await asyncio.to_thread(work)

    async def delete(self, key: str) -> None:
        def work() -> None:
            with self._locked(key):
                self._path(key).unlink(missing_ok=True)

        await asyncio.to_thread(work)

    async def owned(self, owner: str) -> dict[str, StoredSession]:
        """Looks through all files: a folder has no index."""

        def work() -> dict[str, StoredSession]:
            found: dict[str, StoredSession] = {}
            for path in self._folder.glob("*.session"):
                session = self._read(path.stem)
                if session is not None and session.owner == owner:
                    found[path.stem] = session
            return found

        return await asyncio.to_thread(work)

    @asynccontextmanager
    async def lock(self, key: str, wait: float) -> AsyncGenerator[None]:
        async def take() -> int | None:
            return self._take(f"{key}.turn", wait=False)

        async with self._turns.taken(key, wait, take) as taken:
            try:
                yield
            finally:
                self._leave(f"{key}.turn", taken)

    async def sweep(self) -> int:
        return await asyncio.to_thread(self._sweep)

    # -- files

    def _path(self, key: str) -> Path:
        if not key.isalnum():
            raise ValueError("a key of a session is a hash, and this is none")
        return self._folder / f"{key}.session"

    @contextlib.contextmanager
    def _locked(self, key: str) -> Generator[None]:
        """One process and thread at a time, for as long as a file takes to be written."""
        taken = self._take(f"{key}.write", wait=True)
        try:
            yield
        finally:
            if taken is not None:
                self._leave(f"{key}.write", taken)

    def _take(self, name: str, *, wait: bool) -> int | None:
        """The open file that is the lock, None if another one has it. It is free when its process dies."""
        import fcntl

        path = self._folder / name
        while True:
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                # Who had it before has removed the file: then another one stands in its place, or will.
                if os.fstat(descriptor).st_ino == path.stat().st_ino:
                    return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _leave(self, name: str, taken: int) -> None:
        (self._folder / name).unlink(missing_ok=True)
        os.close(taken)

    def _read(self, key: str) -> StoredSession | None:
        try:
            kept = _decode(self._path(key).read_bytes())
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        return kept.session if kept.until > time.time() else None

    def _write(self, key: str, kept: Kept) -> None:
        beside = self._folder / f"{key}.{secrets.token_hex(4)}.new"
        descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_encode(kept))
            beside.replace(self._path(key))
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def _sweep(self) -> int:
        count, now = 0, time.time()
        for path in self._folder.iterdir():
            try:
                old = path.stat().st_mtime < now - _LEFT
                if path.suffix == ".session":
                    with self._locked(path.stem):
                        if self._read(path.stem) is None:
                            path.unlink(missing_ok=True)
                            count += 1
                elif path.suffix == ".new" and old:
                    path.unlink(missing_ok=True)
                elif path.suffix in (".turn", ".write") and old:
                    taken = self._take(path.name, wait=False)
                    if taken is not None:
                        self._leave(path.name, taken)
            except FileNotFoundError:  # somebody else was faster
                continue
        return count

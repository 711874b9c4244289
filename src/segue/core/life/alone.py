"""To be the only process of this machine that does something, and to note for the next one how far it is."""

import asyncio
import hashlib
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import IO

__all__ = ["Note", "alone_on_this_machine"]

_LOOK_EACH = 1.0  # seconds between two tries to be the one


class Note:
    """A moment that is remembered: in this process, or in a file for those that come after it."""

    def __init__(self, file: "IO[bytes] | None" = None) -> None:
        self._file = file
        self._moment: datetime | None = None

    def read(self) -> datetime | None:
        """What was noted last."""
        if self._file is None:
            return self._moment
        try:
            found = datetime.fromisoformat(os.pread(self._file.fileno(), 100, 0).decode())
        except ValueError:  # there is nothing yet, or it is half written
            return None
        return found if found.tzinfo is not None else None

    def write(self, moment: datetime) -> None:
        """Notes it in the place of what was there."""
        self._moment = moment
        if self._file is not None:
            os.ftruncate(self._file.fileno(), 0)
            os.pwrite(self._file.fileno(), moment.isoformat().encode(), 0)


@asynccontextmanager
async def alone_on_this_machine(key: str) -> AsyncGenerator[Note]:
    """Waits until no other process of this user holds ``key``; the system lets go of it when the process ends, however it ends."""
    if sys.platform == "win32":  # there is one worker
        yield Note()
        return
    import fcntl

    from segue.core.files.ownfolder import own_folder

    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    with _opened(str(own_folder() / f"{digest}.once")) as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOOK_EACH)
        yield Note(file)


def _opened(path: str) -> "IO[bytes]":
    # Not "ab": what is written is to stand at the beginning. Not "wb": what another one has noted stays.
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)

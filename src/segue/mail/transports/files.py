"""Writes each letter into a file: for development, and for programs that fetch mail from a folder."""

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from segue.mail.errors import MailFailed
from segue.mail.transports.contract import Letter, Refused

__all__ = ["FileTransport"]


class FileTransport:
    """Writes ``.eml`` files into ``folder``, which any mail program opens. Only this user may read them.

    A file is there whole or not at all: it gets its name when it is written.
    """

    instant = False

    def __init__(self, folder: "str | os.PathLike[str]") -> None:
        self.folder = Path(folder)

    async def open(self) -> None:
        """The folder is made with the first letter."""

    async def close(self) -> None:
        """Files are closed as they are written."""

    async def send(self, letter: Letter) -> Sequence[Refused]:
        data = (
            f"X-Envelope-From: {letter.sender}\r\nX-Envelope-To: {', '.join(letter.recipients)}\r\n".encode()
        )
        try:
            await asyncio.to_thread(self._write, data + letter.content.as_bytes())
        except OSError as error:
            raise MailFailed(
                f"the letter could not be written into {self.folder}: {error}", temporary=True
            ) from error
        return ()

    def _write(self, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}"
        unfinished = self.folder / f".{name}.part"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            unfinished.rename(self.folder / f"{name}.eml")
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise

"""Writes letters to the terminal: for development."""

import sys
from collections.abc import Sequence
from typing import TextIO

from segue.mail.transports.contract import Letter, Refused

__all__ = ["ConsoleTransport"]


class ConsoleTransport:
    """Writes each letter to ``stream``, by default the standard error output: its head, its text, and what it has besides.

    Control characters are shown, not sent: a terminal obeys some of them.
    """

    instant = True

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    async def open(self) -> None:
        """Nothing has to be opened."""

    async def close(self) -> None:
        """The terminal stays open."""

    async def send(self, letter: Letter) -> Sequence[Refused]:
        head = [
            f"{name}: {letter.content[name]}"
            for name in ("From", "To", "Cc", "Subject")
            if letter.content[name]
        ]
        files = [f"[{name}, {len(data)} bytes]" for name, data in letter.files.items()]
        lines = [*head, "", *(letter.text or letter.html or "").split("\n"), *files]
        shown = "\n".join(["-" * 60, *map(_visible, lines), "-" * 60, ""])
        stream = self._stream or sys.stderr
        stream.write(
            shown.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8")
        )
        stream.flush()
        return ()


def _visible(line: str) -> str:
    return "".join(one if one.isprintable() or one == "\t" else repr(one)[1:-1] for one in line)

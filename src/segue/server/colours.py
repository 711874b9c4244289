"""Colours in a terminal: where they are wanted, and which."""

import os
from typing import Final, Literal, TextIO

__all__ = ["Colour", "coloured", "of_level", "of_status", "paint"]

Colour = Literal["red", "green", "yellow", "blue", "cyan", "dim", "bold"]

_CODES: Final[dict[Colour, str]] = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
    "dim": "2",
    "bold": "1",
}


def coloured(stream: TextIO) -> bool:
    """Whether what is written to ``stream`` may have colours: a terminal that shows them, read by a person.

    ``NO_COLOR`` (https://no-color.org) says no, ``FORCE_COLOR`` says yes; both count if they are not empty.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    try:
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    except (AttributeError, ValueError):  # no file, or one that was closed
        return False


def paint(text: str, colour: Colour) -> str:
    """``text`` in a colour. It has to be free of control characters: what others have sent is escaped before."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def of_level(level: int) -> Colour:
    """The colour of a line of this importance (``logging.WARNING`` and its likes)."""
    return "red" if level >= 40 else "yellow" if level >= 30 else "cyan" if level >= 20 else "dim"


def of_status(status: int) -> Colour:
    """The colour of a response."""
    return "red" if status >= 500 else "yellow" if status >= 400 else "cyan" if status >= 300 else "green"

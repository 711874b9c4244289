"""The look of built-in pages: one style sheet, which a page either links, or carries the first part of in itself."""

import functools
from pathlib import Path

__all__ = ["FOLDER", "STYLESHEET", "plain_style"]

#: Where the style sheet is, and its name.
FOLDER = Path(__file__).with_name("files")
STYLESHEET = "segue.css"

_END_OF_PLAIN = "/* ---"


@functools.cache
def plain_style() -> str:
    """The first part of it: colours, text and tables. A page that shows an error carries it, and needs nothing else."""
    return (FOLDER / STYLESHEET).read_text(encoding="utf-8").partition(_END_OF_PLAIN)[0]

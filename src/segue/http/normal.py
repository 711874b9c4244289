"""Text in one of the usual forms of Unicode (UAX 15), in linear time."""

import unicodedata
from typing import Literal

__all__ = ["normalized"]

_MOST_MARKS = (
    30  # marks on one letter; UAX 15 calls such text safe for streams, and no language needs as many
)


def normalized(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """``text`` in ``form``. Raises ValueError for more than 30 marks on one letter: to order them takes the square of their number."""
    if text.isascii():
        return text
    marks = 0
    for one in text:
        marks = marks + 1 if unicodedata.combining(one) else 0
        if marks > _MOST_MARKS:
            raise ValueError(f"more than {_MOST_MARKS} marks on one letter")
    return unicodedata.normalize(form, text)

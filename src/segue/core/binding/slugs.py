"""Texts as parts of URLs."""

import re
import unicodedata

__all__ = ["slug_of"]


def slug_of(text: str, longest: int = 200) -> str:
    """A text as a part of an address: ``"Là-bas, près du Canal!"`` is ``la-bas-pres-du-canal``. Letters of other scripts stay."""
    plain = unicodedata.normalize("NFKD", text[: 4 * longest])  # bounded: the time is that of the square
    plain = "".join(one for one in plain if not unicodedata.combining(one))
    found = re.sub(r"[^\w]+|_+", "-", unicodedata.normalize("NFKC", plain).lower()).strip("-")
    return found[:longest].rstrip("-")

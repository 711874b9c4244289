"""Which passwords may be chosen: long enough, not in every list, and nothing that is known of their owner."""

import functools
import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

__all__ = ["Strength"]

_LEET = str.maketrans("013457@$!", "oleastasi")
_EDGES = re.compile(r"\A[^a-z]+|[^a-z]+\Z")
_FEWEST = 5  # different characters
_TELLING = 4  # characters that a name has to have to count


class Strength(msgspec.Struct, frozen=True):
    """What a new password has to be: ``Passwords(strength=Strength(shortest=16))``.

    ``shortest``: characters that it has at least. ``common``: whether those that everybody tries first are refused: the eighteen
    thousand most used ones, with their usual digits and signs around them too. Nothing is asked about capital letters or
    digits: that makes passwords worse (NIST SP 800-63B, section 3.1.1.2).
    """

    shortest: int = 12
    common: bool = True

    def problem(self, password: str, known: Iterable[str | None] = ()) -> str | None:
        """What is wrong with a password: ``short``, ``simple``, ``common`` or ``known``; None for a good one.

        ``known``: texts that others know of its owner, such as the name and the address.
        """
        if len(password) < self.shortest:
            return "short"
        lower = password.casefold()
        if len(set(lower)) < _FEWEST or _repeats(lower):
            return "simple"
        if self.common and not _forms(lower).isdisjoint(_common()):
            return "common"
        left = lower
        for text in known:
            for part in re.split(r"[\W_]+", (text or "").casefold()):
                if len(part) >= _TELLING:
                    left = left.replace(part, "")
        if left != lower and len(left) < self.shortest // 2:  # not enough that others do not know
            return "known"
        return None


def _repeats(text: str) -> bool:
    """Whether it is a short text again and again."""
    return text in (text + text)[1:-1] and len(text) > 0 and (text + text).find(text, 1) <= len(text) // 2


def _forms(text: str) -> set[str]:
    """The password, and what it was made of by putting digits around it or writing 3 for e."""
    plain = text.translate(_LEET)
    return {text, plain, _EDGES.sub("", text), _EDGES.sub("", plain)}


@functools.cache
def _common() -> frozenset[str]:
    # The list of Royce Williams, in the form in which Django distributes it (BSD-3-Clause).
    data = gzip.decompress((Path(__file__).parent / "common.txt.gz").read_bytes())
    return frozenset(data.decode().split("\n"))

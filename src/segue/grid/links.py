"""The URLs of a grid in one request; those that lead to a change are signed for who was given them."""

from typing import Any
from urllib.parse import quote

from segue.core.identity import identity_of
from segue.grid.keys import key_text
from segue.grid.texts import NOT_VALID
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.http.url import encode_path_segment
from segue.security.keys import KEYS
from segue.security.links import SignedLinks
from segue.security.nearest import nearest

__all__ = ["Links", "demand_signature", "signer_of"]

#: Seconds for which a link to a change is good: for a working day and the next morning.
GOOD_FOR = 24 * 3600
_LONGEST = 1_500


class Links:
    """``base``: the path of the list. ``back``: the query of the list that was seen, to come back to."""

    __slots__ = ("_back", "_signer", "base")

    def __init__(self, base: str, signer: SignedLinks | None, back: str = "") -> None:
        self.base = base
        self._signer = signer
        self._back = f"?back={quote(back, safe='')}" if back and len(back) < _LONGEST else ""

    def view(self, target: Any) -> str:
        """The page of an object."""
        return f"{self.base}view/{segment(target)}{self._back}"

    def edit(self, target: Any) -> str:
        """The page where an object is changed."""
        return self._signed(f"{self.base}edit/{segment(target)}{self._back}")

    def delete(self, target: Any) -> str:
        """The page that asks whether an object is to be deleted."""
        return self._signed(f"{self.base}delete/{segment(target)}{self._back}")

    def new(self) -> str:
        """The page where an object is created."""
        return self._signed(f"{self.base}new{self._back}")

    def act(self) -> str:
        """Where the buttons of the list lead."""
        return self._signed(f"{self.base}act{self._back}")

    def export(self, name: str, query: str) -> str:
        """The list as a file; ``query``: what it is narrowed down to."""
        return f"{self.base}export.{name}{query}"

    def child(self, target: Any, name: str) -> str:
        """The list of what belongs to an object."""
        return f"{self.base}of/{segment(target)}/{name}/"

    def _signed(self, url: str) -> str:
        return url if self._signer is None else self._signer.sign(url, expires=GOOD_FOR)


def segment(target: Any) -> str:
    """The key of an object as a segment of a path."""
    text = key_text(target)
    return text if text.isdigit() else encode_path_segment(text)


async def signer_of(request: Request) -> SignedLinks | None:
    """What signs links for who sends a request, and for nobody else; None where the app has no keys."""
    keys = nearest(request, KEYS)
    if keys is None:
        return None
    who = None
    if getattr(request.endpoint, "identifies", None) is not None:
        who = await identity_of(request)
    return SignedLinks(keys, f"grid {'' if who is None else who.id}")


async def demand_signature(request: Request) -> None:
    """Raises Forbidden (403) for a link that was not given to who sends the request, or not lately."""
    signer = await signer_of(request)
    if signer is None or not signer.is_genuine(request.prefix + request.target):
        raise Forbidden(str(NOT_VALID))

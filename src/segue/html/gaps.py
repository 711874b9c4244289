"""Gaps of a page: parts that have to be awaited, and are put in when the rest of its template has been rendered."""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from markupsafe import Markup

from segue.html.errors import TemplateError
from segue.http.request import Request

__all__ = ["Gaps", "fill_now", "filled", "gaps_of", "has_gaps"]

_GAPS = "segue.html.gaps"

Make = Callable[[], Awaitable[str]]


class Gaps:
    """The gaps of one page. ``finish``: what is done with the page when they are filled."""

    def __init__(self) -> None:
        # Nobody can write it into a page who does not know it.
        self._mark = secrets.token_hex(16)
        self._makers: list[tuple[Make, Callable[[], str] | None]] = []
        self.finish: Callable[[str], str] | None = None

    def leave(self, make: Make, now: Callable[[], str] | None = None) -> Markup:
        """Leaves a gap for what ``make`` gives. ``now``: what is put in where nothing can be awaited."""
        self._makers.append((make, now))
        return Markup(f"<!--{self._mark}-{len(self._makers) - 1}-->")  # noqa: S704 -- digits

    def pieces(self, page: str) -> list[str]:
        """The page, cut at its gaps: texts and numbers of gaps, in turn."""
        return re.split(f"<!--{self._mark}-([0-9]+)-->", page)

    async def made(self, number: str) -> str:
        """What a gap is filled with."""
        return await self._makers[int(number)][0]()

    def made_now(self, number: str) -> str:
        """The same, where nothing can be awaited. Raises TemplateError."""
        now = self._makers[int(number)][1]
        if now is None:
            raise TemplateError(
                "load() asks another handler, which has to be awaited: it is for pages that handlers return, render(...), not for "
                "texts of a Renderer and pages of errors"
            )
        return now()


def gaps_of(request: Request) -> Gaps:
    """The gaps of the page that is rendered for a request."""
    made = request.made
    if made is None:
        made = request.made = {}
    gaps: Gaps | None = made.get(_GAPS)
    if gaps is None:
        gaps = made[_GAPS] = Gaps()
    return gaps


def has_gaps(request: Request | None) -> bool:
    """Whether the page that was rendered for a request has any."""
    return request is not None and request.made is not None and _GAPS in request.made


async def filled(request: Request, page: str, *, whole: bool = True) -> str:
    """A page without gaps: each is made when its turn comes, for they share what the request has.

    ``whole``: False for a piece of a page that is sent while it is rendered, where gaps may be shown later than they were left.
    """
    made: dict[str, Any] = request.made or {}
    gaps: Gaps | None = made.pop(_GAPS, None) if whole else made.get(_GAPS)
    if gaps is None:
        return page
    pieces = gaps.pieces(page)
    for at in range(1, len(pieces), 2):
        pieces[at] = await filled(request, await gaps.made(pieces[at]), whole=whole)
    page = "".join(pieces)
    return page if gaps.finish is None else gaps.finish(page)


def fill_now(request: Request | None, page: str) -> str:
    """The same, where nothing can be awaited. Raises TemplateError."""
    if request is None or request.made is None:
        return page
    gaps: Gaps | None = request.made.pop(_GAPS, None)
    if gaps is None:
        return page
    pieces = gaps.pieces(page)
    for at in range(1, len(pieces), 2):
        pieces[at] = fill_now(request, gaps.made_now(pieces[at]))
    page = "".join(pieces)
    return page if gaps.finish is None else gaps.finish(page)

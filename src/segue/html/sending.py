"""Tells receivers about pages; where there are none, nothing is there to tell them."""

from collections.abc import Sequence
from typing import Any

from segue.core.life.receivers import Notice, Receivers
from segue.core.records import Recorded
from segue.html.signals import TemplateRendered, TemplateRendering
from segue.http.request import Request

__all__ = ["Telling", "telling"]


class Telling:
    """Sends the signals of pages."""

    __slots__ = ("_rendered", "_rendering")

    def __init__(self, rendering: Notice | None, rendered: Notice | None) -> None:
        self._rendering = rendering
        self._rendered = rendered

    async def before(self, request: Request, template: str, values: dict[str, Any]) -> None:
        """A page is about to be rendered."""
        if self._rendering is not None:
            await self._rendering(TemplateRendering(request, template, values))

    async def after(self, request: Request, template: str, values: dict[str, Any], page: str) -> None:
        """It was rendered."""
        if self._rendered is not None:
            await self._rendered(TemplateRendered(request, template, values, page))


def telling(apps: Sequence[Recorded]) -> Telling | None:
    """What tells the receivers of ``apps``, the innermost first; None where nobody listens."""
    receivers = Receivers([one for app in reversed(apps) for one in app.declared.life.receivers])
    rendering, rendered = receivers.notice(TemplateRendering), receivers.notice(TemplateRendered)
    return None if rendering is None and rendered is None else Telling(rendering, rendered)

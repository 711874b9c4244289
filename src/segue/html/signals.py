"""The signals of pages: one is about to be rendered, one was."""

from typing import Any

from segue.core.life.signals import RequestSignal

__all__ = ["TemplateRendered", "TemplateRendering"]


class TemplateRendering(RequestSignal, frozen=True, eq=False):
    """A page is about to be rendered for a request. What a receiver puts into ``values``, the page has."""

    template: str
    values: dict[str, Any]


class TemplateRendered(RequestSignal, frozen=True, eq=False):
    """A page was rendered of ``values``; ``page`` is its text."""

    template: str
    values: dict[str, Any]
    page: str

"""Who answers when several declare the same: the outer statement wins, and two of one level are a conflict."""

from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

__all__ = ["Level", "remaining"]

Level = tuple[Hashable, ...]
"""Where a statement stands: the statements that brought it in, the outermost first. ``()`` is the app that is served."""


class _Claim(Protocol):
    @property
    def level(self) -> Level: ...


C = TypeVar("C", bound=_Claim)


def remaining(claims: Sequence[C]) -> list[C]:
    """What is left of ``claims`` for one thing: those that no statement further out overrides.

    An app overrides what it includes and what its plugins declare, in whatever order they are written; two apps that
    are included side by side do not override each other. More than one that is left is a conflict, for who asks.
    """
    return [one for one in claims if not any(_overrides(other.level, one.level) for other in claims)]


def _overrides(outer: Level, inner: Level) -> bool:
    return len(outer) < len(inner) and inner[: len(outer)] == outer

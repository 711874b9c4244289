"""A page of results, and what is needed to lead to the others."""

from typing import Generic, NamedTuple, TypeVar

__all__ = ["Page"]

R = TypeVar("R")


class Page(NamedTuple, Generic[R]):
    """Some of the results, and what is needed to show where they stand. ``number`` counts from 1."""

    items: list[R]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        return self.number > 1

"""Values that belong to an app, typed: what a plugin or a start-up remembers of the app that it serves."""

from typing import Generic, TypeVar

__all__ = ["AppKey"]

T = TypeVar("T")


class AppKey(Generic[T]):
    """A key of an app's own values, which knows their type.

        POOL = AppKey[Pool]("shop.pool")

        app[POOL] = Pool(...)          # of another type: an error for the type checker
        app[POOL].acquire()            # known to be a Pool

    Two keys are never the same, whatever their names: ``name`` is only for messages.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"AppKey({self.name!r})"

"""Actions of a grid: what the app lets people do with one object, or with all that are selected."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from segue.core.texts.lazy import Words

__all__ = ["Action"]

M = TypeVar("M")

#: Names that a grid has taken.
_TAKEN = frozenset({"list", "view", "create", "edit", "delete", "export", "read", "write"})


class Action(Generic[M]):
    """A button in a grid: for each object, and for those that are selected.

        async def publish(films: Sequence[Film]) -> str:
            for film in films:
                film.published = True
                await film.save()
            return f"{len(films)} published"

        Grid(Film, actions=[Action("Publish", publish)], can={"publish": signed_in()})

    ``run`` gets the objects, all of which the visitor may see and ``can`` allows. What it returns is told on the next page; a
    response, or what becomes one, is sent instead. It is called within a transaction. ``each``: a button beside each object;
    ``many``: one for those that are selected. ``confirm``: a question that has to be answered first. ``name``: for ``can=``.
    """

    __slots__ = ("confirm", "each", "label", "many", "name", "run")

    def __init__(
        self,
        label: Words,
        run: Callable[[Sequence[M]], Any | Awaitable[Any]],
        *,
        name: str | None = None,
        confirm: Words | None = None,
        each: bool = True,
        many: bool = True,
    ) -> None:
        self.label = label
        self.run = run
        self.name = name or re.sub(r"[^0-9a-z]+", "_", str(label).lower()).strip("_")
        self.confirm = confirm
        self.each = each
        self.many = many
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", self.name) or self.name in _TAKEN:
            raise ValueError(f"an action cannot be called {self.name!r}: give it a name, name='publish'")

    def __repr__(self) -> str:
        return f"<Action {self.name}>"

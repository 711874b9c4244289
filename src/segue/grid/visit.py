"""One request to a grid: where it is, on the way to what, and who may do what there."""

from typing import TYPE_CHECKING, Any

from segue.grid.keys import has_key
from segue.grid.links import Links, signer_of
from segue.grid.trail import Step, followed
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.security.csrf import GUARD, csrf_field
from segue.security.nearest import nearest

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["Visit", "visit"]

_LONGEST_BACK = 2_000


class Visit:
    """``base``: the path of the list, None where the list is in a page from which nothing leads on. ``steps``: the objects on the way to
    it. ``query``: all that this grid shows here.
    """

    __slots__ = ("base", "grid", "query", "request", "steps")

    def __init__(
        self, grid: "Grid[Any]", request: Request, base: str | None, steps: list[Step], query: Any
    ) -> None:
        self.grid = grid
        self.request = request
        self.base = base
        self.steps = steps
        self.query = query

    async def links(self, back: str = "") -> Links:
        """The URLs of this grid. ``back``: the query of the list that the visitor sees."""
        signer = await signer_of(self.request) if self.grid.writes and self.base is not None else None
        return Links(self.base or "", signer, back)

    @property
    def back(self) -> str:
        """The list that the visitor comes from."""
        query = self.passed_on
        return f"{self.base}?{query}" if query else f"{self.base}"

    @property
    def passed_on(self) -> str:
        """The query of that list, for links that lead on. It is only ever put behind our own path, and has nothing that ends a line."""
        query = self.request.query.get("back", "")
        plain = len(query) < _LONGEST_BACK and all("!" <= char <= "~" and char != "#" for char in query)
        return query if plain else ""

    def csrf(self) -> str:
        """The hidden field that forms have."""
        return "" if nearest(self.request, GUARD) is None else str(csrf_field(self.request))

    async def target(self, what: str) -> Any:
        """The object of the path, looked for in what this grid shows here. Raises NotFound (404), and what ``can`` raises."""
        plan = self.grid.known
        key = str(self.request.params["key"])
        found = await self.query.where(*has_key(plan.model, key)).load(*self.grid.detail_loads).one_or_none()
        if found is None:
            raise NotFound
        await self.grid.rights.demand(self.request, what, found)
        return found


async def visit(grid: "Grid[Any]", request: Request, below: int) -> Visit:
    """The visit of a request to one of the grid's own pages, which is ``below`` segments of the path below its list."""
    path = request.prefix + request.target.partition("?")[0]
    base = path
    if below:
        base = "/".join(path.split("/")[:-below]) + "/"
    steps, query = await followed(grid, request, base)
    return Visit(grid, request, base, steps, query)

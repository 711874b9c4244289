"""The routes of a grid, and what the app around it has to have for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.core.binding.parameters import HandlerError
from segue.core.handlers import Endpoint
from segue.core.plugins.setup import Setup
from segue.grid.acting import act
from segue.grid.deleting import delete
from segue.grid.editing import create, edit
from segue.grid.exporting import export
from segue.grid.pages import list_page, view_page
from segue.html.plugin import Templates
from segue.http.request import Request
from segue.http.response import Response
from segue.security.csrf import GUARD
from segue.security.keys import KEYS

if TYPE_CHECKING:
    from segue.grid.grid import Grid

__all__ = ["add_routes"]

_HERE = Path(__file__).parent


def add_routes(grid: "Grid[Any]") -> None:
    """Declares the pages of a grid, those that change anything only where somebody may."""
    grid.install(_Pages(grid))
    handlers = _Handlers(grid)
    grid.get("/", name="list", documented=False)(handlers.list)
    if not grid.rights.never("view"):
        grid.get("/view/{key}", name="view", documented=False)(handlers.view)
    if not grid.rights.never("export"):
        for one in grid.exports:
            grid.get(f"/export.{one}", name=f"export_{one}", documented=False)(_exporting(grid, one))
    for name, path, handler in (
        ("create", "/new", handlers.create),
        ("edit", "/edit/{key}", handlers.edit),
        ("delete", "/delete/{key}", handlers.delete),
    ):
        if not grid.rights.never(name):
            grid.route(path, methods=["GET", "POST"], name=name, documented=False)(handler)
    if grid.writes:
        grid.post("/act", name="act", documented=False)(handlers.act)
    for child in grid.children:
        grid.include(child, at=f"/of/{{{grid.parameter}}}/{child.name}")


class _Handlers:
    """The handlers of one grid."""

    def __init__(self, grid: "Grid[Any]") -> None:
        self._grid = grid

    async def list(self, request: Request) -> Any:
        return await list_page(self._grid, request)

    async def view(self, request: Request) -> Any:
        return await view_page(self._grid, request)

    async def create(self, request: Request) -> Any:
        return await create(self._grid, request)

    async def edit(self, request: Request) -> Any:
        return await edit(self._grid, request)

    async def delete(self, request: Request) -> Any:
        return await delete(self._grid, request)

    async def act(self, request: Request) -> Any:
        return await act(self._grid, request)


def _exporting(grid: "Grid[Any]", name: str) -> Any:
    async def exporting(request: Request) -> Response:
        return await export(grid, request, name)

    return exporting


class _Pages:
    """The plugin that every grid lists: its files, and the look of its pages where the app around has none."""

    name = "grid"

    def __init__(self, grid: "Grid[Any]") -> None:
        self._grid = grid
        self._told = False

    def setup(self, to: Setup) -> None:
        """Reads what the grid was given, now that all models are there."""
        self._grid.prepare()
        if self._grid.parent is None:
            to.bring(Templates(None, errors=False))
            to.templates(_HERE / "templates")
            to.static("/_files", _HERE / "files", name="grid_files", public=True)
        to.around_routes(self._check)

    def _check(self, route: Endpoint) -> None:
        """Says what is missing where a grid that writes is in an app without protection."""
        parent = self._grid.parent
        if not self._grid.writes or self._told or (parent is not None and parent.writes):
            return
        if not all(any(key in app for app in route.apps) for key in (KEYS, GUARD)):
            self._told = True
            raise HandlerError(
                f"{self._grid.place}: people may change something in the grid {self._grid.name!r}, so its links are signed and its forms protected: list a "
                f"plugin that does that in the app that includes it, App(plugins=[Sessions()]) from segue.security"
            )

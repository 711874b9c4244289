"""A list as a page shows it: the rows that were found, what the visitor may do with them, and the HTML of all of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from segue.grid.actions import Action
from segue.grid.asked import Asked
from segue.grid.controls import downloads, filters, pages, search, summary
from segue.grid.links import Links
from segue.grid.listing import Found, found
from segue.grid.naming import object_text
from segue.grid.table import table
from segue.grid.texts import DELETE, NEW, NOTHING, NOTHING_FOUND
from segue.grid.trail import breadcrumbs
from segue.html.attribute import quoted, written
from segue.security.nearest import nearest
from segue.security.policy import POLICY

if TYPE_CHECKING:
    from segue.grid.visit import Visit

__all__ = ["ShownList", "shown_list"]


class ShownList:
    """One list in one page: ``{{ films }}`` writes it.

    ``path``: of the page that it is in. ``views``, ``edits``, ``deletes``: of each row, whether the visitor may. ``each`` and ``many``:
    the actions beside each row and for those that are selected, with the same.
    """

    def __init__(self, visit: "Visit", asked: Asked, found: Found, links: Links, path: str) -> None:
        self.visit = visit
        self.plan = visit.grid.known
        self.asked = asked
        self.found = found
        self.links = links
        self.path = path
        self.csrf = ""
        self.creates = False
        self.views: Sequence[bool] = ()
        self.edits: Sequence[bool] = ()
        self.deletes: Sequence[bool] = ()
        self.each: list[tuple[Action[Any], Sequence[bool]]] = []
        self.many: list[tuple[str, str, Sequence[bool]]] = []
        self.exports: Sequence[str] = ()
        #: Its title stands below that of a page of the app's own.
        self.heading = "h1"

    @property
    def builds(self) -> bool:
        """Whether people may put conditions together."""
        return bool(self.plan.asked_about)

    @property
    def rows(self) -> list[Any]:
        """The objects on this page."""
        return [one.target for one in self.found.rows]

    @property
    def total(self) -> int | None:
        """How many there are in all; None for more than are counted."""
        return self.found.total

    @property
    def media(self) -> Markup:
        """Its style sheet and its script, for the head of a page of the app's own."""
        request, name = self.visit.request, f"{self.visit.grid.name}.grid_files"
        policy = nearest(request, POLICY)
        nonce = written("nonce", policy.nonce(request)) if policy is not None else ""
        style, script = [
            request.prefix + request.app.static_url(f"grid.{one}", name=name) for one in ("css", "js")
        ]
        return Markup(  # noqa: S704 -- made of escaped parts
            f'<link rel="stylesheet" href="{quoted(style)}"><script src="{quoted(script)}" defer{nonce}></script>'
        )

    def name_of(self, target: Any) -> str:
        """What an object is called."""
        return object_text(target)

    def __html__(self) -> str:
        if self.found.rows:
            rows = table(self)
        else:
            rows = f'<p class="soft">{escape(NOTHING_FOUND if self.asked.narrowed else NOTHING)}</p>'
        new = f'<a class="button" href="{quoted(self.links.new())}">{escape(NEW)}</a>' if self.creates else ""
        grid = self.visit.grid
        return grid.dressed(
            f'<section class="grid" id="{quoted(grid.element)}" data-grid>{breadcrumbs(self.visit)}'
            f"<{self.heading}>{escape(grid.title)}</{self.heading}>"
            f'<div class="tools">{search(self)}<div class="end">{downloads(self)}{new}</div></div>'
            f"{filters(self)}{summary(self)}{rows}{pages(self)}</section>"
        )

    def __str__(self) -> str:
        return self.__html__()


async def shown_list(visit: "Visit", asked: Asked, path: str) -> ShownList:
    """Asks for the list and for what the visitor may do with each row."""
    grid, permits, request = visit.grid, visit.grid.rights, visit.request
    found_ = await found(grid.known, visit.query, asked)
    shown = ShownList(visit, asked, found_, await visit.links(asked.here.removeprefix("?")), path)
    if visit.base is None:  # the list alone: nothing leads anywhere
        shown.views = [False] * len(found_.rows)
        return shown
    shown.views = await _each(visit, "view", shown)
    if await permits.allows(request, "export"):
        shown.exports = grid.exports
    if not grid.writes:
        return shown
    shown.creates = not permits.never("create") and await permits.allows(request, "create")
    if not permits.never("edit"):
        shown.edits = await _each(visit, "edit", shown)
    if not permits.never("delete"):
        shown.deletes = await _each(visit, "delete", shown)
    for action in grid.actions:
        if permits.never(action.name):
            continue
        may = await _each(visit, action.name, shown)
        if action.each:
            shown.each.append((action, may))
        if action.many:
            shown.many.append((action.name, str(action.label), may))
    if any(shown.deletes):
        shown.many.append(("delete", str(DELETE), shown.deletes))
    if shown.each or shown.many:
        shown.csrf = visit.csrf()
    return shown


async def _each(visit: "Visit", what: str, shown: ShownList) -> list[bool]:
    """Of each row, whether it may be done; where that does not depend on the row, it is asked once."""
    permits, rows = visit.grid.rights, shown.found.rows
    if not permits.by_row(what):
        return [await permits.allows(visit.request, what)] * len(rows)
    return [await permits.allows(visit.request, what, one.target) for one in rows]

"""Grids: a model or a query as pages in which people list, search, filter, look at, create, change, delete and download."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, NoReturn, TypeVar, Unpack

from segue.core.app import App
from segue.core.options import RouteDefaults
from segue.core.texts.lazy import Words
from segue.db.models.model import Keyed
from segue.db.queries.paths import OnePath, Path
from segue.db.queries.query import Query
from segue.grid.actions import Action
from segue.grid.asked import Asked
from segue.grid.columns import Column, column_of, detail_columns
from segue.grid.inlines import page_form
from segue.grid.modelforms import form_for
from segue.grid.naming import plural
from segue.grid.options import EXPORTS, GridOptions
from segue.grid.permits import READING, WRITING, Can, Permits
from segue.grid.plan import ListPlan
from segue.grid.routes import add_routes
from segue.grid.shownlist import ShownList, shown_list
from segue.grid.visit import Visit
from segue.html.forms.form import FormOf
from segue.html.forms.provider import form_provider
from segue.http.request import Request

__all__ = ["Grid"]

M = TypeVar("M", bound=Keyed)


class Grid(App[Request], Generic[M]):
    """Pages for the objects of a model or of a query: an app, to be included in another one.

        films = Grid(
            Film,
            columns=[Film.title, Film.director.name, Film.year],
            search=[Film.title, Film.director.name],
            filters=[Film.genre, Film.year],
            can={"write": signed_in()},
        )
        app.include(films, at="/films")

    It lists, searches, filters with counts, sorts, pages and exports; shows one object; and creates, edits and deletes, each where
    ``can`` lets the visitor. All of it works without JavaScript, and without leaving the page with it. Row rules hold, as in every query.

    ``what``: a model, or a query of the objects there are. ``columns``: fields, ``Film.director.name``, relations, expressions, functions of
    the object, or Column for more. ``search``: fields of text in which words are looked for. ``filters``: fields, relations, or a Facet.
    ``can``: who may do what, see Permits; without it everybody may read and nobody may write. ``children``: relations to one of other
    models that lead here, ``Review.film``, or grids with ``of=Review.film``: their objects are listed below each object. ``**options``:
    GridOptions. Raises TypeError for what does not fit, when the app is frozen.

    In a page of your own: ``{{ films }}`` of ``await films.listing(request)``.
    """

    def __init__(
        self,
        what: type[M] | Query[M],
        *,
        columns: Sequence[Any] = (),
        search: Sequence[Any] = (),
        filters: Sequence[Any] = (),
        can: Can = None,
        children: Sequence[Any] = (),
        **options: Unpack[GridOptions],
    ) -> None:
        self.model: Any = what._model if isinstance(what, Query) else what
        super().__init__(options.get("name") or str(self.model.__mapping__.table))
        self.said = options
        self.rights = Permits(can)
        self.given_can = can
        self.actions: Sequence[Action[Any]] = options.get("actions", ())
        #: Whether anybody may change anything: only then there are pages that do.
        self.writes = any(
            not self.rights.never(one) for one in (*WRITING, *[action.name for action in self.actions])
        )
        self.exports = tuple(options.get("exports", EXPORTS[:-1]))
        #: The grid whose child it is, and the name of the parameter in the path that leads from that one on.
        self.parent: Grid[Any] | None = None
        self.children = [_child(self, one) for one in children]
        self.parameter = f"of_{max([one.height for one in self.children], default=-1) + 1}"
        self._given = (what, columns, search, filters, options.get("sort", ""))
        self._check_options()
        add_routes(self)

    def copy(self, name: str | None = None, **defaults: Unpack[RouteDefaults]) -> NoReturn:
        """A grid is made anew, or included once more, ``include(films, at=..., name="films_2")``: raises TypeError."""
        raise TypeError(
            f"{self!r} is not copied: include it once more under another name=, or make another Grid"
        )

    @functools.cached_property
    def known(self) -> ListPlan:
        """What is known of its list; read when the app is frozen, as models may be written below the grid."""
        return ListPlan(*self._given)

    @functools.cached_property
    def _make_form(self) -> Callable[[Request], Awaitable[FormOf[M]]]:
        given = self.said.get("form")
        exclude = [one.name for one in self.relation._last.columns] if self.parent is not None else []
        inline = self.said.get("inline", ())
        if given is not None and inline:
            raise TypeError("a grid has form= or inline=: what an own form shows besides is said by the form")
        if inline:
            return form_provider(page_form(self.model, inline, exclude))
        return form_provider(form_for(self.model, exclude) if given is None else given)

    async def form(self, request: Request) -> FormOf[M]:
        """The form in which an object is created or changed, with what the request has sent."""
        return await self._make_form(request)

    def prepare(self) -> None:
        """Reads all that the grid was given. Raises TypeError for what does not fit."""
        known, details = self.known, self.details
        if self.writes:
            _ = self._make_form
        if not known.columns or not details:
            raise TypeError(
                f"the grid {self.name!r} shows nothing: {self.model.__name__} has no field that anybody may see"
            )

    @functools.cached_property
    def details(self) -> Sequence[Column[Any]]:
        """What the page of one object shows."""
        given = self.said.get("details")
        return [column_of(one) for one in given] if given else detail_columns(self.model)

    @functools.cached_property
    def detail_loads(self) -> Sequence[Path]:
        """What has to be loaded for that page."""
        return [path for one in self.details for path in one.load]

    @property
    def height(self) -> int:
        """How many grids are below it, each the child of the one before."""
        return max([one.height for one in self.children], default=-1) + 1

    @property
    def title(self) -> Words:
        """What stands above the list."""
        return self.said.get("title") or plural(self.model)

    def dressed(self, page: str) -> str:
        """HTML of the grid with the class names that it is to have."""
        names = self.said.get("class_names")
        return page if names is None else names.dress(page)

    @property
    def prefix(self) -> str:
        """What stands before the names in its queries."""
        return self.said.get("prefix", "")

    @property
    def size(self) -> int:
        """How many are on a page."""
        return self.said.get("size", 25)

    @property
    def element(self) -> str:
        """The id of its element in a page."""
        return f"{self.prefix}grid-{self.name}"

    @property
    def relation(self) -> Any:
        """Of a child, the relation to the objects that its own belong to."""
        return self.said.get("of")

    async def listing(self, request: Request, query: Query[M] | None = None) -> ShownList:
        """The list for a page of your own: ``{{ films }}`` in a template, or a child of an element; ``{{ films.media }}`` in its head.

            @app.get("/", template="home.html")
            async def home(request: Request) -> dict[str, Any]:
                return {"films": await films.listing(request, Film.where(Film.new == True))}

        ``query``: only these of its objects. It asks the page that it is in for its words, filters, order and page. Its rows lead to the
        grid's own pages where it is included under its own name.
        """
        base = self._place(request)
        known = self.known
        steps: list[Any] = []
        one = Visit(self, request, base, steps, known.query if query is None else query)
        await self.rights.demand(request, "list")
        asked = Asked(known, request.query, self.prefix, self.size)
        shown = await shown_list(one, asked, request.prefix + request.target.partition("?")[0])
        shown.heading = "h2"
        return shown

    def _place(self, request: Request) -> str | None:
        """The path of its own list, where it can be said without more."""
        try:
            return str(request.url_for(f"{self.name}.list"))
        except LookupError:
            return None

    def _check_options(self) -> None:
        unknown = self.said.keys() - GridOptions.__annotations__.keys()
        if unknown:
            raise TypeError(
                f"a grid has no option {min(unknown)!r}; it has {', '.join(sorted(GridOptions.__annotations__))}"
            )
        wrong = [one for one in self.exports if one not in EXPORTS]
        if wrong:
            raise TypeError(f"a grid cannot be exported as {wrong[0]!r}; there are {', '.join(EXPORTS)}")
        self.rights.known(READING | WRITING | {one.name for one in self.actions})


def _child(parent: Grid[Any], what: Any) -> Grid[Any]:
    """The grid of what belongs to the objects of another one. Raises TypeError for what leads nowhere."""
    child = what if isinstance(what, Grid) else None
    relation = what if child is None else child.said.get("of")
    if not isinstance(relation, OnePath) or len(relation._steps) != 1:
        raise TypeError(
            f"a child of a grid is a relation that leads to its objects, Review.film, or a grid that has one, Grid(Review, of=Review.film), "
            f"not {what!r:.80}"
        )
    if not issubclass(parent.model, relation._last.target):
        raise TypeError(
            f"{relation!r} leads to {relation._last.target.__name__}, not to {parent.model.__name__}"
        )
    if child is None:
        child = Grid(relation._last.model, of=relation, can=parent.given_can)
    if child.parent is not None:
        raise TypeError(f"{child!r} is the child of {child.parent!r} already: make another one")
    child.parent = parent
    return child

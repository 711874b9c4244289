"""What was when: the newest, and those of a year, a month, a week, a day."""

import datetime
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypedDict, Unpack
from zoneinfo import ZoneInfo

from segue.core.texts.texts import framework
from segue.db import Expr, count
from segue.html import Page, render
from segue.html.naming import plural
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.site.finding import Given, Goes, Source, address_of, key_type, more_values, query_of
from segue.site.lists import about, facts, named
from segue.site.pagination import page_links, page_of
from segue.site.periods import Period, Unit, named_period, period
from segue.site.signatures import signed

__all__ = ["Archive", "ArchiveOptions", "Linked"]

ARCHIVE = "segue.site:templates/site/archive.html"
DETAIL = "segue.site:templates/site/detail.html"

_INNER: dict[Unit | None, Unit | None] = {
    None: "year",
    "year": "month",
    "month": "day",
    "week": "day",
    "day": None,
}
_PARAMETERS: dict[Unit, tuple[str, ...]] = {
    "year": ("year",),
    "month": ("year", "month"),
    "week": ("year", "week"),
    "day": ("year", "month", "day"),
}


class Linked(NamedTuple):
    """A period that has something, for templates: its text, its address, how many there are in it (0 where it was not counted)."""

    text: str
    address: str
    total: int
    period: Period


class ArchiveOptions(TypedDict, total=False):
    """What else may be said of an archive."""

    template: str
    size: int
    """Objects on a page (50)."""
    zone: str
    """Whose days they are, where it is a time: ``"Europe/Paris"`` (UTC)."""
    future: bool
    """What has a time that is still to come is there too (no)."""
    values: Given
    """Further values for the template, or a function of the request that gives them."""
    name: str
    """The name of its routes: ``archive``, ``archive_year``, ..."""


class Routes(Protocol):
    """What declares routes: an app, or the Setup of a plugin."""

    def get(self, path: str, /, *, name: str) -> Callable[[Callable[..., Any]], Any]: ...


class Archive:
    """Pages of what has a date, by time.

        news = Archive(Post.all(), Post.published, to="post", zone="Europe/Paris", name="news")
        news.declare(app, "/news")

    That declares ``/news``, ``/news/{year}``, ``/news/{year}/{month}``, ``/news/{year}/{month}/{day}`` and ``/news/{year}/week/{week}``, by the names
    ``news``, ``news_year``, ``news_month``, ``news_day``, ``news_week``. Or declare those you want: ``app.get("/news/{year:int}", name="news_year")(news.year())``.

    ``source``: a model, a query, or a function of the request that gives one. ``moment``: its date or time. ``to``: the route of
    one object. ``options``: see ArchiveOptions.

    A template has ``items``, ``result``, ``links`` as that of ``list_page``, ``period``, ``earlier`` and ``later`` (the next that have
    something, with ``text`` and ``address``), and ``parts``: the periods within, each with its ``total``. A period in which there is nothing is a 404.
    """

    def __init__(
        self,
        source: Source[Any],
        moment: Expr[Any],
        *,
        to: Goes | None = None,
        **options: Unpack[ArchiveOptions],
    ) -> None:
        kind = moment.kind.storage
        if kind not in ("date", "datetime"):
            raise TypeError(f"{moment!r} is no date and no time: an archive is by time")
        self._source = source
        self._moment = moment
        self._to = to
        self._template = options.get("template", ARCHIVE)
        self._size = options.get("size", 50)
        self._moments = kind == "datetime"
        zone = options.get("zone") if self._moments else None
        self._zone_name = zone
        self._zone = ZoneInfo(zone) if zone else None
        self._future = options.get("future", False)
        self._values = options.get("values")
        self._name = options.get("name", "archive")

    def declare(self, app: Routes, at: str) -> None:
        """Declares all of its pages below a path."""
        name, at = self._name, at.rstrip("/")
        app.get(at or "/", name=name)(self.latest())
        app.get(at + "/{year:int}", name=f"{name}_year")(self.year())
        app.get(at + "/{year:int}/week/{week:int}", name=f"{name}_week")(self.week())
        app.get(at + "/{year:int}/{month:int}", name=f"{name}_month")(self.month())
        app.get(at + "/{year:int}/{month:int}/{day:int}", name=f"{name}_day")(self.day())

    def latest(self) -> Callable[..., Any]:
        """A handler that shows the newest, and the years there are."""
        return self._handler(None)

    def year(self) -> Callable[..., Any]:
        """A handler that shows those of a year: its path has ``{year:int}``."""
        return self._handler("year")

    def month(self) -> Callable[..., Any]:
        """A handler that shows those of a month: its path has ``{year:int}`` and ``{month:int}``."""
        return self._handler("month")

    def week(self) -> Callable[..., Any]:
        """A handler that shows those of a week: its path has ``{year:int}`` and ``{week:int}``, as ISO 8601 counts them."""
        return self._handler("week")

    def day(self) -> Callable[..., Any]:
        """A handler that shows those of a day: its path has ``{year:int}``, ``{month:int}`` and ``{day:int}``."""
        return self._handler("day")

    def detail(self, template: str = DETAIL, *, by: str = "id") -> Callable[..., Any]:
        """A handler that shows one object of a day: ``/news/{year:int}/{month:int}/{day:int}/{slug}`` with ``by="slug"``.

        What is of another day is a 404.
        """

        async def shown(*, request: Request, **path: Any) -> Page:
            value = path.pop(by)
            query = (await self._query(request)).where(*self._within(named_period("day", path)))
            found = await query.where(getattr(query._model, by) == value).first()
            if found is None:
                raise NotFound
            given = {**about(found), "facts": facts(found)}
            return render(template, {**given, **await more_values(self._values, request)})

        parameters = dict.fromkeys(_PARAMETERS["day"], int)
        handler: Callable[..., Any] = signed(
            shown, {"request": Request, **parameters, by: key_type(self._source, by)}
        )
        return handler

    def _handler(self, unit: Unit | None) -> Callable[..., Any]:
        async def shown(*, request: Request, page: int, **path: int) -> Page:
            query = await self._query(request)
            there = None if unit is None else named_period(unit, path)
            inside = query if there is None else query.where(*self._within(there))
            results = await page_of(inside.order_by(self._moment.desc()), page, self._size)
            if there is not None and not results.total:
                raise NotFound(framework.gettext("There is nothing of this time."))
            given = {
                "result": results,
                "items": results.items,
                "links": page_links(request, results),
                "period": there,
                "title": plural(query._model) + (f", {there.text}" if there else ""),
                "earlier": await self._beside(request, query, there, later=False),
                "later": await self._beside(request, query, there, later=True),
                "parts": await self._parts(request, inside, _INNER[unit]),
            }
            if self._template == ARCHIVE:
                given["entries"] = [
                    (named(one), None if self._to is None else await address_of(self._to, request, one))
                    for one in results
                ]
            return render(self._template, {**given, **await more_values(self._values, request)})

        parameters = dict.fromkeys(_PARAMETERS[unit] if unit else (), int)
        handler: Callable[..., Any] = signed(
            shown, {"request": Request, "page": int, **parameters}, {"page": 1}
        )
        return handler

    async def _query(self, request: Request) -> Any:
        query = (await query_of(self._source, request)).where(self._moment != None)  # noqa: E711 -- an expression
        if self._future:
            return query
        now = datetime.datetime.now(datetime.UTC)
        return query.where(self._moment <= (now if self._moments else now.date()))

    def _within(self, there: Period) -> tuple[Expr[bool], Expr[bool]]:
        first, last = there.borders(moments=self._moments, zone=self._zone)
        return self._moment >= first, self._moment < last

    async def _beside(
        self, request: Request, query: Any, there: Period | None, *, later: bool
    ) -> Linked | None:
        """The nearest period that has something."""
        if there is None:
            return None
        first, last = there.borders(moments=self._moments, zone=self._zone)
        inside = (
            query.where(self._moment >= last).order_by(self._moment)
            if later
            else query.where(self._moment < first).order_by(self._moment.desc())
        )
        nearest = await inside.select(self._moment).limit(1)
        return self._linked(request, period(there.unit, self._date(nearest[0]))) if nearest else None

    async def _parts(self, request: Request, inside: Any, unit: Unit | None) -> list[Linked]:
        if unit is None:
            return []
        begins = self._moment.trunc(unit, **({"zone": self._zone_name} if self._zone_name else {}))
        rows = await inside.select(begins, count()).group_by(begins).order_by(begins)
        found = [
            self._linked(
                request, period(unit, begun if type(begun) is datetime.date else begun.date()), number
            )
            for begun, number in rows
        ]
        return [one for one in found if one is not None]

    def _linked(self, request: Request, there: Period, number: int = 0) -> Linked | None:
        """With its address; None where no route shows such periods."""
        try:
            address = request.url_for(f"{self._name}_{there.unit}", **there.path())
        except LookupError:
            return None
        return Linked(there.text, address, number, there)

    def _date(self, value: Any) -> datetime.date:
        """The day that a value of the column is in."""
        if isinstance(value, tuple):
            (value,) = value
        if not isinstance(value, datetime.datetime):
            return value  # type: ignore[no-any-return] # a date
        return value.astimezone(self._zone or datetime.UTC).date()

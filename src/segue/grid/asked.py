"""What a request asks of a list: its words, filters, order and page, and the URLs of the same with one thing changed."""

from collections.abc import Sequence
from typing import Any

from segue.db.queries.expressions import any_of
from segue.grid.facets import Facet, Given
from segue.grid.paging import COUNTED, Sorting
from segue.grid.plan import ListPlan
from segue.http.errors import BadRequest
from segue.http.multidict import MultiDict
from segue.http.url import encode_query

__all__ = ["SIZES", "Asked"]

#: How many are on a page, for who wants more or fewer.
SIZES = (10, 25, 50, 100, 200)
_LONGEST = 200
_MOST_WORDS = 10


class Asked:
    """The question of one request. ``prefix``: of the names in the query, where several grids are on one page."""

    __slots__ = (
        "after", "before", "given", "number", "plan", "prefix", "problem", "size", "sort", "sorting", "text", "where", "_usual",
    )  # fmt: skip

    def __init__(self, plan: ListPlan, query: "MultiDict[str]", prefix: str, size: int) -> None:
        self.plan = plan
        self.prefix = prefix

        def of(name: str) -> str:
            return query.get(prefix + name, "")

        self.text = of("q").strip()[:_LONGEST]
        self.where = of("where").strip()
        #: What is wrong with ``where``, which people write themselves.
        self.problem = ""
        sort = of("sort")
        # A column that was sorted by may be gone since the link was kept: the list is still worth showing.
        self.sort = sort if sort.removeprefix("-") in plan.sorted_by else ""
        self.sorting: Sorting = plan.sorting(self.sort)
        wanted = of("size")
        self._usual = size
        self.size = int(wanted) if wanted in _SIZES else size
        self.after, self.before = of("after"), of("before")
        self.number = _page(of("page"), COUNTED // self.size)
        self.given: dict[str, Given] = {}
        for facet in plan.facets:
            given = facet.given(query, f"{prefix}f.")
            if given is not None:
                self.given[facet.name] = given

    def found(self, query: Any, *, without: Facet | None = None) -> Any:
        """A query, narrowed down to what is asked for. ``without``: by all but one facet."""
        plan = self.plan
        if self.text and plan.search:
            for word in self.text.split()[:_MOST_WORDS]:
                query = query.where(any_of(*(one.icontains(word) for one in plan.search)))
        if self.where and not self.problem:
            try:
                query = query.matching(self.where, plan.asked_about)
            except BadRequest as error:
                self.problem = error.detail
        for name, given in self.given.items():
            if without is None or name != without.name:
                query = query.where(given.condition)
        return query

    @property
    def narrowed(self) -> bool:
        """Whether it asks for less than everything."""
        return bool(self.text or self.where or self.given)

    def pairs(self, *, sort: str | None = None, without: Sequence[str] = ()) -> list[tuple[str, str]]:
        """The names and values of the question, the page left out. ``without``: names that are left out too."""
        prefix = self.prefix
        found = [(f"{prefix}q", self.text), (f"{prefix}where", self.where)]
        for given in self.given.values():
            found += [(name, text) for name, texts in given.texts.items() for text in texts]
        found.append((f"{prefix}sort", self.sort if sort is None else sort))
        if self.size != self._usual:
            found.append((f"{prefix}size", str(self.size)))
        return [
            (name, text)
            for name, text in found
            if name.removeprefix(prefix) not in without and (text or name.startswith(f"{prefix}f."))
        ]

    def url(self, *, sort: str | None = None, **page: Any) -> str:
        """The query of the same question, on another page or in another order: ``?q=x&page=2``; empty where nothing is asked."""
        more = [(f"{self.prefix}{name}", str(value)) for name, value in page.items()]
        query = encode_query([*self.pairs(sort=sort), *more])
        return f"?{query}" if query else ""

    @property
    def here(self) -> str:
        """The query of this very page, to come back to."""
        if self.after or self.before:
            return self.url(after=self.after) if self.after else self.url(before=self.before)
        return self.url(page=self.number) if self.number > 1 else self.url()


_SIZES = frozenset(map(str, SIZES))


def _page(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        return 1
    return min(max(int(text), 1), max(most, 1))

"""Many results, one page at a time: for people, as links, and for programs, as JSON."""

import asyncio
import functools
import inspect
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, get_args, get_origin

from markupsafe import Markup, escape
from msgspec import Struct

from segue.core.texts.texts import framework
from segue.http.errors import NotFound
from segue.http.request import Request
from segue.http.url import encode_query
from segue.site.finding import awaited

_, _p = framework.gettext, framework.pgettext

__all__ = ["Paginated", "page_links", "page_of", "paginate"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_AROUND = 2  # pages that are linked on each side of the present one


class Paginated(Struct, Generic[T]):
    """A page of many results, and where it stands. ``number`` counts from 1.

    A template has ``items``, ``number``, ``pages``, ...; ``{{ page_links(result) }}`` writes the links to the others.
    """

    items: list[T]
    number: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this one."""
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        """Whether there is a page before this one."""
        return self.number > 1

    @property
    def first(self) -> int:
        """The number of the first result of the page, among all of them."""
        return (self.number - 1) * self.size + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last one."""
        return (self.number - 1) * self.size + len(self.items)

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def numbers(self) -> Iterator[int | None]:
        """The numbers of the pages to be linked: the first, those around this one, the last; None where some are left out."""
        return _numbers(self.number, self.pages)


def _numbers(current: int, pages: int) -> Iterator[int | None]:
    shown = sorted({1, pages} | set(range(max(1, current - _AROUND), min(pages, current + _AROUND) + 1)))
    before = 0
    for number in shown:
        if number == before + 2:
            yield before + 1
        elif number > before + 1:
            yield None
        yield number
        before = number


async def page_of(results: Any, number: int, size: int) -> Paginated[Any]:
    """A page of a query, or of a sequence. Raises NotFound for one that is not there."""
    if number < 1:
        raise NotFound(_("There is no such page."))
    start = (number - 1) * size
    query: Any = results if hasattr(results, "count") and hasattr(results, "offset") else None
    if query is not None:
        total = await query.count()
    elif isinstance(results, Sequence) and not isinstance(results, str):
        total = len(results)
    else:
        raise TypeError(
            f"a page is made of a query or of a list, not of {type(results).__name__}: return Film.where(...), "
            f"not what it gives"
        )
    if number > max(1, -(-total // size)):
        raise NotFound(_("There is no such page."))
    if query is not None:
        found = list(await query.limit(size).offset(start)) if total else []
    else:
        found = list(results[start : start + size])
    return Paginated(found, number, size, total)


def paginate(size: int = 20, *, most: int | None = None) -> Callable[[F], F]:
    """Answers with one page of what a handler returns, a query or a list:

        @app.get("/films", template="films.html")
        @paginate(20)
        async def films(q: str = "") -> Query[Film]:
            return Film.where(Film.title.icontains(q)).order_by(Film.title)

    The route takes ``?page=2``; with ``most`` also ``?size=50``, up to that. Only the rows of the page are read. It is a
    :class:`Paginated`: as JSON the ``items`` with ``number``, ``size`` and ``total``. A page that is not there is a 404.
    """
    if size < 1 or (most is not None and most < size):
        raise ValueError(f"a page has at least one item, and {most} at most: not {size}")

    def decorate(handler: F) -> F:
        signature = inspect.signature(handler)
        clash = {"page", *(["size"] if most else [])} & signature.parameters.keys()
        if clash:
            raise TypeError(
                f"{handler.__qualname__} has a parameter {clash.pop()!r} of its own: @paginate brings it"
            )
        is_async = inspect.iscoroutinefunction(handler)

        async def answer(*arguments: Any, **named: Any) -> Paginated[Any]:
            number, asked = named.pop("page"), named.pop("size", size)
            if is_async:
                results = await handler(*arguments, **named)
            else:
                results = await awaited(await asyncio.to_thread(handler, *arguments, **named))
            return await page_of(results, number, max(1, min(asked, most or size)))

        wrapped: Any = functools.wraps(handler)(answer)
        parameters = [inspect.Parameter("page", inspect.Parameter.KEYWORD_ONLY, default=1, annotation=int)]
        if most is not None:
            parameters.append(
                inspect.Parameter("size", inspect.Parameter.KEYWORD_ONLY, default=size, annotation=int)
            )
        own = list(signature.parameters.values())
        at = next((n for n, one in enumerate(own) if one.kind is inspect.Parameter.VAR_KEYWORD), len(own))
        returns = _returned(handler)
        wrapped.__signature__ = signature.replace(
            parameters=[*own[:at], *parameters, *own[at:]], return_annotation=returns
        )
        annotations = {name: one for name, one in handler.__annotations__.items() if name != "return"}
        wrapped.__annotations__ = {**annotations, **{one.name: one.annotation for one in parameters}}
        wrapped.__annotations__["return"] = returns
        decorated: F = wrapped
        return decorated

    return decorate


def _returned(handler: Callable[..., Any]) -> Any:
    """What the page is: Paginated of what the handler says that it returns; Any where that cannot be known."""
    try:
        hint = typing.get_type_hints(handler).get("return")
    except (NameError, TypeError):
        return Any
    origin, items = get_origin(hint), get_args(hint)
    if origin is not None and len(items) == 1:
        return Paginated[items[0]]  # type: ignore[valid-type] # it is a type
    return Any


def page_links(request: Request, page: Any, *, name: str = "page") -> Markup:
    """Writes the links to the other pages; the rest of the query stays as it is.

    ``page``: what ``paginate`` gives, or ``page`` of a query. Templates know it: ``{{ page_links(films) }}``. Empty where there is one page only. ``name``: that of the parameter.
    """
    if page.pages <= 1:
        return Markup("")
    kept = [(key, value) for key, value in request.query.multi_items() if key != name]

    def link(number: int, text: str, more: str = "") -> str:
        query = encode_query([*kept, *([(name, str(number))] if number > 1 else [])])
        # Relative: it is right below any prefix, and nothing of the path that was asked for is written.
        return f'<li><a href="{escape("?" + query)}"{more}>{escape(text)}</a></li>'

    parts = []
    if page.has_previous:
        parts.append(link(page.number - 1, _p("pages", "Previous"), ' rel="prev"'))
    for number in _numbers(page.number, page.pages):
        if number is None:
            parts.append("<li><span>…</span></li>")
        else:
            current = ' aria-current="page"' if number == page.number else ""
            parts.append(link(number, str(number), current))
    if page.has_next:
        parts.append(link(page.number + 1, _p("pages", "Next"), ' rel="next"'))
    label = escape(_("Pages"))
    return Markup(f'<nav class="pages" aria-label="{label}"><ul>{"".join(parts)}</ul></nav>')  # noqa: S704 -- escaped above

"""Old addresses, which lead to new ones: from a mapping, or from a table that people edit."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.db import Field, Model, field
from segue.http.errors import Gone
from segue.http.request import Request
from segue.http.response import Response
from segue.site.finding import awaited
from segue.site.unanswered import Unanswered

__all__ = ["Moved", "MovedPage"]


class MovedPage(Model, abstract=True):
    """What a table of moved pages has: ``class OldPage(MovedPage): ...``; then ``Moved(OldPage)``.

    ``old``: a path, with its query if it matters. ``new``: a path or URL; empty: the page is gone for good (410).
    """

    old: Field[str] = field(max_length=500, unique=True)
    new: Field[str] = field(max_length=500, default="")
    permanent: Field[bool] = field(default=True)


Look: TypeAlias = Callable[[str], "str | Awaitable[str | None] | None"]


class Moved:
    """Plugin: what no route answers, and has an address elsewhere by now, is sent there.

        App(plugins=[Moved({"/movies": "/films", "/old": ""})])       # 301; "" is 410: gone for good
        App(plugins=[Moved(OldPage)])                                  # a model: see MovedPage

    ``where``: a mapping, a model, or a function of the path that gives the new one, which may be async. It is asked only for a
    page that is not there. The query of the request comes along, if the new address has none.
    """

    name = "moved"

    def __init__(self, where: "Mapping[str, str] | type[MovedPage] | Look") -> None:
        self._where = where

    def setup(self, to: Setup) -> None:
        """Looks after what was not answered."""
        to.middleware(Unanswered(self._look))

    async def _look(self, request: Request) -> Response | None:
        path = request.path
        whole = f"{path}?{request.query_string}" if request.query_string else path
        for one in dict.fromkeys((whole, path)):
            found = await self._found(one)
            if found is None:
                continue
            target, permanent = found
            if not target:
                raise Gone(framework.gettext("This page is not there any more."))
            if request.query_string and "?" not in target and one == path:
                target += f"?{request.query_string}"
            if target.startswith("/"):
                target = request.prefix + target
            from segue.core.errors.handlers import location

            return Response(b"", 301 if permanent else 302, {"location": location(target)})
        return None

    async def _found(self, path: str) -> tuple[str, bool] | None:
        where: Any = self._where
        if isinstance(where, type):
            row = await where.where(where.old == path).first()  # type: ignore[attr-defined] # a model
            return None if row is None else (row.new, row.permanent)
        new = await awaited(where.get(path) if isinstance(where, Mapping) else where(path))
        return None if new is None else (new, True)

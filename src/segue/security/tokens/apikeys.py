"""Keys of programs: in a header field, in the query or in a cookie."""

from collections.abc import Awaitable

from segue.core.documentation import SecurityScheme, answers
from segue.core.ports import Identity
from segue.http.errors import Unauthorized
from segue.http.request import Request
from segue.security.basic import quoted
from segue.security.tokens.bearer import CheckToken

__all__ = ["APIKeyAuth"]

_LONGEST = 1_024


class APIKeyAuth:
    """Lets programs in that send a key.

        async def check(key: str) -> Machine | None: ...

        key = APIKeyAuth(check)                          # X-API-Key: ...
        key = APIKeyAuth(check, cookie="key")            # or query="key"

        @app.get("/films", requires=[key.required])
        async def films() -> list[Film]: ...

    A key in a query stands in logs and histories: prefer the header field. One in a cookie is sent by every page that asks: routes that write need
    the guard against other sites. ``check`` compares a hash of the key with one that it keeps.
    """

    def __init__(
        self,
        check: CheckToken,
        *,
        header: str = "x-api-key",
        query: str | None = None,
        cookie: str | None = None,
        realm: str = "api",
        name: str = "",
    ) -> None:
        if query is not None and cookie is not None:
            raise ValueError("a key is in one place: query= or cookie=")
        self._check = check
        self._query, self._cookie, self._header = query, cookie, header.lower()
        self._challenge = f'APIKey realm="{quoted(realm)}"'
        place, named = ("query", query) if query else ("cookie", cookie) if cookie else ("header", header)
        described = {"type": "apiKey", "in": place, "name": named}
        self.schemes = (SecurityScheme(name or f"{place}-key", described),)

    async def __call__(self, request: Request) -> Identity | None:
        """Who the request says that it is, if that is so."""
        key = self._given(request)
        if not key or len(key) > _LONGEST:
            return None
        found = self._check(key)
        identity: Identity | None = await found if isinstance(found, Awaitable) else found
        return identity

    @answers(401)
    async def required(self, request: Request) -> None:
        """A guard for ``requires=[...]``. Raises Unauthorized (401) with the challenge."""
        if await self(request) is None:
            raise Unauthorized(challenge=self._challenge)

    def _given(self, request: Request) -> str | None:
        if self._query is not None:
            given = request.query.get_all(self._query)
        elif self._cookie is not None:
            return request.cookies.get(self._cookie)
        else:
            given = request.headers.get_all(self._header)
        return given[0] if len(given) == 1 else None  # of two, somebody on the way may read the other one

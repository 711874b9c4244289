"""Guards that ask who sends a request: for ``requires=[...]`` of a route, a resource, an app or an include."""

from collections.abc import Awaitable, Callable

from segue.core.documentation import THE_IDENTITY, asks_for
from segue.core.identity import identity_of
from segue.http.errors import Forbidden, Redirect, Unauthorized
from segue.http.request import Request
from segue.http.url import encode_query

__all__ = ["Guard", "belongs_to", "own_path", "signed_in"]

Guard = Callable[[Request], Awaitable[None]]

_READING = frozenset({"GET", "HEAD"})
_LONGEST = 2_048


def signed_in(login: str | None = None, *, challenge: str | None = None) -> Guard:
    """Lets somebody in whom ``app.identifies`` knows.

        app = App(requires=[signed_in(login="/login")])

    ``login``: a path, or the name of a route. Who reads a page is sent there, with ``next`` for the way back (see
    :func:`own_path`); who writes gets a 403. Without it, it is a 401, with ``challenge`` as its ``WWW-Authenticate``.
    """

    @asks_for(THE_IDENTITY)
    async def guard(request: Request) -> None:
        if await identity_of(request) is not None:
            return
        if login is None:
            raise Unauthorized(challenge=challenge)
        if request.method not in _READING:
            raise Forbidden("Sign in first.")
        page = request.prefix + login if login.startswith("/") else request.url_for(login)
        query = encode_query({"next": request.prefix + request.target})
        raise Redirect(f"{page}{'&' if '?' in page else '?'}{query}", headers={"cache-control": "no-store"})

    return guard


def belongs_to(*principals: str) -> Guard:
    """Lets somebody in who is, or belongs to, one of these: ``requires=[belongs_to("group:editors", "group:admins")]``.

    Others get a 403, and who is not known a 401.
    """
    if not principals or not all(isinstance(one, str) for one in principals):
        raise TypeError(f"belongs_to takes names of principals, not {principals!r}")
    wanted = frozenset(principals)

    @asks_for(THE_IDENTITY)
    async def guard(request: Request) -> None:
        identity = await identity_of(request)
        if identity is None:
            raise Unauthorized
        if wanted.isdisjoint(identity.principals):
            raise Forbidden

    return guard


def own_path(target: str | None, default: str = "/") -> str:
    r"""``target`` if it is a path of this site, else ``default``: for a ``next`` that came with a request.

        raise SeeOther(own_path(request.query.get("next")))

    Browsers read ``//host``, ``/\host`` and what has tabs or line ends in between as another site; none of these is a path here.
    """
    if not target or len(target) > _LONGEST or not target.startswith("/") or target.startswith("//"):
        return default
    return target if all("!" <= char <= "~" and char != "\\" for char in target) else default

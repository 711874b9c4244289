"""Who sends a request: asked once, of whatever the app has for it."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from segue.core.ports import Identifies, Identity
from segue.http.request import Request

if TYPE_CHECKING:
    from segue.core.records import Recorded

__all__ = ["identifies_of", "identity_of", "known_identity"]

_KEY = "identity"


async def identity_of(request: Request) -> Identity | None:
    """Who sends ``request``, or None for somebody unknown.

        @app.get("/me")
        async def me(request: Request) -> str:
            user = await identity_of(request)
            return user.id if user else "nobody"

    Raises LookupError where nothing in the app can say it.
    """
    made = request.made
    if made is not None and _KEY in made:
        return known_identity(request)
    identifies: Identifies | None = getattr(request.endpoint, "identifies", None)
    if identifies is None:
        raise LookupError(
            f"nothing says who sends {request!r}: a plugin with accounts does, or a function of yours, "
            f"@app.identifies"
        )
    found = identifies(request)
    identity: Identity | None = await found if isinstance(found, Awaitable) else found
    if request.made is None:
        request.made = {}
    request.made[_KEY] = identity
    return identity


def known_identity(request: Request) -> Identity | None:
    """What :func:`identity_of` has found for this request; None where nobody has asked yet."""
    found: Any = None if request.made is None else request.made.get(_KEY)
    identity: Identity | None = found
    return identity


def identifies_of(app: "Recorded", problems: list[str]) -> Identifies | None:
    """What says in ``app`` who sends a request; ``problems`` hears of a second one."""
    places = [str(place) for _, place in app.declared.identifies]
    if len(places) > 1:
        problems.append(f"two functions say who sends a request: {' and '.join(places)}; take one away")
    return app.declared.identifies[0][0] if places else None

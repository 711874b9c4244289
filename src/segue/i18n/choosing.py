"""What says which language, or which time zone, a request wants: by its path, its user, a cookie, its header fields."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from segue.core.identity import identity_of, known_identity
from segue.http.negotiate import accept_language
from segue.http.request import Request

__all__ = ["ByCookie", "ByHeader", "ByPath", "ByUser", "Chooser"]

Chooser = Callable[[Request], str | Awaitable[str | None] | None]
"""Says a tag such as ``de-CH``, or None where it does not know. One that is ``async`` is asked before the handler.

One that is an object may have ``vary``: the header fields that it looks at.
"""

#: Values of a header field that are remembered, and how long they are at most.
_MOST_FIELDS = 256
_LONGEST_FIELD = 128


class ByPath:
    """The first part of the path: ``/de/films`` is ``/films`` in German.

        I18n("en", "de", by=[ByPath()])                     # /films is English, /de/films is German
        I18n("en", "de", by=[ByPath(always=True), ByHeader()])  # /films leads to /en/films or /de/films

    ``always``: the default language has its path too, and who asks for a page without one is sent to where its language
    is. What asks for no page, such as a program, is answered in place.
    """

    vary: Sequence[str] = ()

    def __init__(self, *, always: bool = False) -> None:
        self.always = always

    def __call__(self, request: Request) -> str | None:
        language: str | None = (request.made or {}).get("language")
        return language


class ByCookie:
    """A cookie, which the page that changes the language sets: ``language``."""

    vary: Sequence[str] = ("cookie",)

    def __init__(self, name: str = "language") -> None:
        self.name = name

    def __call__(self, request: Request) -> str | None:
        found: str | None = request.cookies.get(self.name)
        return found


class ByUser:
    """What is known of who sends the request: an attribute of what ``app.identifies`` gives.

        I18n("en", "de", by=[ByUser(), ByHeader()])         # user.language
        I18n(zones=[ByUser("timezone")])

    It is asked before the handler is called.
    """

    vary: Sequence[str] = ("cookie", "authorization")

    def __init__(self, attribute: str = "language") -> None:
        self.attribute = attribute

    async def __call__(self, request: Request) -> str | None:
        user: Any = known_identity(request)
        if user is None:
            try:
                user = await identity_of(request)
            except LookupError:  # nothing identifies anybody for this route
                return None
        found = getattr(user, self.attribute, None)
        return None if found is None else str(found)


class ByHeader:
    """``Accept-Language``: what the browser is set to (RFC 9110, section 12.5.4). ``fr-CH, en;q=0.5`` gets ``fr``."""

    vary: Sequence[str] = ("accept-language",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, Sequence[str]], str | None] = {}

    def __call__(self, request: Request) -> str | None:
        return self.among(request, ())

    def among(self, request: Request, offers: tuple[str, ...]) -> str | None:
        """The one of ``offers`` that is wanted."""
        field = request.headers.joined("accept-language")
        if not field:
            return None
        if len(field) > _LONGEST_FIELD:
            return accept_language(field, offers)
        # PERF: browsers send few different ones: 0.3 us instead of 5.
        key = (field, offers)
        if key in self._known:
            return self._known[key]
        found = accept_language(field, offers)
        if len(self._known) >= _MOST_FIELDS:
            self._known.clear()
        self._known[key] = found
        return found

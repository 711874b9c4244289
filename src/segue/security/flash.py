"""Messages for the next page: "Saved.", shown once after a redirect."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from segue.http.cookies import Cookie
from segue.http.request import Request
from segue.http.response import Response
from segue.security.keys import Keys
from segue.security.privacy import keep_private, mark_private
from segue.security.signing import InvalidSignature, Signer

__all__ = ["Flash", "FlashCookie", "Message"]

_KEPT = "flash"
_MOST = 2_500  # bytes of text: signed and in base64 they still fit into a cookie
_LONGEST = 3_600.0


class Message(NamedTuple):
    """One message. In templates: ``{% for message in flashes() %}<p class="{{ message.category }}">{{ message.text }}``."""

    text: str
    category: str = "info"


class Flash:
    """The messages of one visitor: call it to leave one, go through it to show them.

        @app.post("/films")
        async def add(form: Form[NewFilm], flash: Flash) -> None:
            flash("Saved.", "success")
            raise SeeOther("/films")

        @app.get("/films")
        async def films(flash: Flash) -> str:
            return "".join(message.text for message in flash)

    Those that a page has gone through are gone. They travel in a signed cookie, so nothing is read from a store for them.
    """

    __slots__ = ("_cookie", "_request", "_shown", "_waiting", "changed")

    def __init__(self, cookie: "FlashCookie", request: Request, waiting: list[Message]) -> None:
        self._cookie = cookie
        self._request = request
        self._waiting = waiting
        #: Once shown they are the same for the whole page, however often it asks.
        self._shown: list[Message] = []
        self.changed = False

    def __call__(self, text: str, category: str = "info") -> None:
        """Leaves a message. Raises ValueError where all of them are too long for a cookie."""
        waiting = [*self._waiting, Message(str(text), category)]
        size = sum(len(one.text.encode()) + len(one.category.encode()) + 4 for one in waiting)
        if size > _MOST:
            raise ValueError(
                f"the messages that wait for the next page have {size} bytes, and a cookie has room for {_MOST}: say it "
                f"shorter, or show it on a page of its own"
            )
        self._waiting = waiting
        self.changed = True

    def __iter__(self) -> Iterator[Message]:
        if self._waiting:
            self._shown += self._waiting
            self._waiting = []
            self.changed = True
        return iter(list(self._shown))

    def __bool__(self) -> bool:
        return bool(self._waiting or self._shown)

    @property
    def waiting(self) -> list[Message]:
        """Those that nobody has seen yet; to look at them does not take them away."""
        return list(self._waiting)


class FlashCookie:
    """The cookie in which messages travel."""

    def __init__(self, keys: Keys, *, secure: bool) -> None:
        self._signer = Signer(keys, "flash")
        self._secure = secure
        self._name = "__Host-flash" if secure else "flash"

    def of(self, request: Request) -> Flash:
        """The messages of a request."""
        made = request.made
        if made is None:
            made = request.made = {}
        elif _KEPT in made:
            mark_private(request)
            known: Flash = made[_KEPT]
            return known
        flash = made[_KEPT] = Flash(self, request, self._read(request))
        mark_private(request)
        request.after_this(lambda response: self._finish(request, flash, response))
        return flash

    def _read(self, request: Request) -> list[Message]:
        value = request.cookies.get(self._name)
        if not value:
            return []
        try:
            return self._signer.unpack(value, list[Message], max_age=_LONGEST)
        except InvalidSignature:
            return []

    def _finish(self, request: Request, flash: Flash, response: Response) -> None:
        keep_private(response)
        if not flash.changed:
            return
        flash.changed = False
        waiting = flash.waiting
        if waiting:
            value = self._signer.sign(msgspec.msgpack.encode(waiting))
            response.set_cookie(Cookie(self._name, value, secure=self._secure))
        elif self._name in request.cookies:
            response.delete_cookie(self._name)

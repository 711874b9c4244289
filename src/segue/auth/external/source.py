"""Who knows people elsewhere, of whatever kind: what an app decides about them, and the way there and back."""

import re
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from segue.auth.external.person import Person
from segue.auth.external.started import Started
from segue.client import Http
from segue.http.request import Request
from segue.security import Session
from segue.security.keys import Keys

__all__ = ["Flow", "PostedFlow", "Source", "WayThere"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}\Z")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What all kinds of them have in common.

    ``name``: in URLs, and what accounts are linked by: it stays as it is. ``title``: what people read. ``trusts_email``: an account here that has
    the address which is verified there is theirs; otherwise they sign in to it once and link it. ``registers``: whom it names for the first time gets an
    account, whatever ``Auth(registration=...)`` says; for a directory of your own organisation. ``groups``: names of groups there, and
    the groups here that follow from them: who is in one there is in the other here, and who is not any more leaves it at the next login.
    """

    name: str
    title: str
    trusts_email: bool = False
    registers: bool = False
    groups: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(
                f"the name of a {type(self).__name__} is for URLs: small letters and digits, not {self.name!r:.60}"
            )


class Flow(Protocol):
    """Goes there, and comes back with somebody."""

    @property
    def source(self) -> Source: ...

    async def begin(self, session: Session[Any], *, back: str, target: str, link: bool = False) -> str:
        """The URL to send a visitor to; ``back``: where they are sent afterwards, ``target``: where they wanted to go. Raises SignInFailed."""
        ...

    async def finish(self, request: Request, session: Session[Any]) -> tuple[Person, Started]:
        """Whom the answer names that a visitor has brought back. Raises SignInFailed."""
        ...


@runtime_checkable
class PostedFlow(Flow, Protocol):
    """One whose answer a page of the other site sends as a form."""

    async def receive(self, request: Request, *, back: str) -> str:
        """Looks at the form, without a session; gives what ``finish`` finds as ``answer`` in its query. Raises SignInFailed."""
        ...

    def metadata(self, back: str) -> bytes:
        """What the other site has to know of us, as XML."""
        ...


class WayThere(Source, frozen=True, kw_only=True):
    """Somewhere where visitors are sent to, and come back from."""

    def flow(self, http: Http, keys: Keys) -> Flow:
        """The way there and back. ``http``: a client that is careful; ``keys``: those of the app."""
        raise NotImplementedError

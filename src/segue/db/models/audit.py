"""Who is acting, and models that remember who wrote them and when."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from segue.core.identity import known_identity
from segue.db.models.fields import Field, field
from segue.db.models.model import Model
from segue.http.request import Request

__all__ = ["Audited", "acting_as", "actor", "answered"]

_LONGEST = 150

_actor: ContextVar[str | None] = ContextVar("segue.db.actor")
#: The request that is answered, in an app that knows who sends its requests.
answered: ContextVar[Request] = ContextVar("segue.db.answered")


def actor() -> str | None:
    """Who is acting now: what :func:`acting_as` was told, otherwise who sends the request; None for nobody."""
    try:
        return _actor.get()
    except LookupError:
        request = answered.get(None)
    identity = None if request is None else known_identity(request)
    if identity is None:
        return None
    told: str = getattr(identity, "actor", identity.id)
    return told[:_LONGEST]


@contextmanager
def acting_as(name: str | None) -> Generator[None]:
    """Says who it is that writes what is written in this block; None: nobody.

    In an app that knows who sends its requests, as one with accounts does, nobody has to say it: it is the identity of the
    request.
    """
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)


def _now() -> datetime:
    return datetime.now(UTC)


class Audited(Model, abstract=True):
    """A model that remembers when and by whom its objects were made and changed.

        class Page(Audited):
            text: Field[str] = field(text=True)

        with acting_as("django"):
            page = await Page.create(text="Nuages")         # page.created_by == "django"

    Clients see these fields and cannot set them.
    """

    created_at: Field[datetime] = field(default_factory=_now, read_only=True)
    created_by: Field[str | None] = field(default_factory=actor, max_length=_LONGEST, read_only=True)
    updated_at: Field[datetime] = field(default_factory=_now, on_update=_now, read_only=True)
    updated_by: Field[str | None] = field(
        default_factory=actor, on_update=actor, max_length=_LONGEST, read_only=True
    )

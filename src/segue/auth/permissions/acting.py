"""Who is acting, for code that cannot be handed it: rules of rows ask it."""

from collections.abc import Collection, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from segue.auth.identity import EVERYONE, SignedIn, id_of, principals_of
from segue.auth.models.account import Account
from segue.core.ports import Identity
from segue.db import Condition, Expr, acting_as
from segue.db.errors import ConfigurationError

__all__ = ["Who", "acting_for", "sender", "unrestricted", "who_is", "whoever_acts"]


class Who:
    """Somebody whose permissions are asked for.

    ``user``: the account, None for somebody unknown. ``id``: its key as text, empty for nobody. ``principals``: what it is and
    belongs to, ``everyone`` at least. ``is_admin``: may do everything.
    """

    __slots__ = ("id", "is_admin", "principals", "user")

    def __init__(
        self, user: Any = None, id: str = "", principals: Collection[str] = (), *, is_admin: bool = False
    ) -> None:
        self.user = user
        self.id = id
        self.principals = frozenset((EVERYONE, *principals))
        self.is_admin = is_admin

    @property
    def key(self) -> Any:
        """The key of the account, to be compared with columns; None for somebody unknown."""
        return None if self.user is None else getattr(self.user, type(self.user).__mapping__.key[0].name)

    def owns(self, column: Expr[Any]) -> Condition:
        """The condition that a column has the key of the account: ``who.owns(Post.author_id)``. Somebody unknown owns nothing.

        Not ``Post.author_id == who.key``: for somebody unknown that would be what belongs to nobody.
        """
        return column.is_in([] if self.key is None else [self.key])

    def has(self, *principals: str) -> bool:
        """Whether it is, or belongs to, one of these: ``who.has("group:editors")``."""
        return not self.principals.isdisjoint(principals)

    def __repr__(self) -> str:
        return f"<Who {self.id or 'somebody unknown'}>"


NOBODY = Who()
_UNRESTRICTED: Any = object()
#: Who sends the request; it is set anew at each step of the work for it.
sender: ContextVar[Any] = ContextVar("segue.auth.sender")
#: Whom a block is for, which stands above that.
_block: ContextVar[Any] = ContextVar("segue.auth.block", default=None)


def who_is(one: "Who | Account | Identity | None") -> Who:
    """An account or an identity as somebody whose permissions are asked for. The groups of an account have to be loaded."""
    if isinstance(one, Who):
        return one
    if one is None:
        return NOBODY
    if isinstance(one, SignedIn):
        # Somebody who acts as another one may do what that one may.
        return Who(one.user, one.id, one.principals, is_admin=one.user.is_admin)
    if isinstance(one, Account):
        return Who(one, id_of(one), principals_of(one), is_admin=one.is_admin)
    return Who(None, one.id, one.principals)


def whoever_acts() -> Who | None:
    """Who acts now; None in ``with unrestricted():``. Raises ConfigurationError where nobody said."""
    found = _block.get()
    try:
        found = found or sender.get()
    except LookupError:
        raise ConfigurationError(
            "who asks? A model that protect() guards was asked for where nobody said who it is for. In a handler the plugin Auth says "
            "it; elsewhere write `with acting_for(user):`, or `with unrestricted():` for a script, a command or a test"
        ) from None
    who: Who | None = None if found is _UNRESTRICTED else found
    return who


@contextmanager
def acting_for(one: "Who | Account | Identity | None") -> Generator[None]:
    """A block in which somebody acts: what their permissions are counts. None: somebody unknown."""
    who = who_is(one)
    token = _block.set(who)
    try:
        # What is written in it is written by them: models that remember that are told.
        with acting_as(who.id or None):
            yield
    finally:
        _block.reset(token)


@contextmanager
def unrestricted() -> Generator[None]:
    """A block for which no rule of :func:`protect` holds: scripts, commands, tests, and what the app itself does."""
    token = _block.set(_UNRESTRICTED)
    try:
        yield
    finally:
        _block.reset(token)

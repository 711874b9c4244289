"""Predicates about who sends a request: each is a guard, and they are combined with ``any_of``, ``all_of`` and ``not_``."""

from collections.abc import Awaitable, Callable
from typing import Any

from segue.auth.guards import sent_away
from segue.core.identity import identity_of
from segue.core.ports import Identity
from segue.core.styles.hooks import Hook, before
from segue.http.errors import Forbidden
from segue.http.request import Request

__all__ = [
    "Predicate",
    "all_of",
    "any_of",
    "has_permission",
    "in_group",
    "is_admin",
    "is_user",
    "not_",
    "predicate",
    "requires",
    "signed_in",
]

Holds = Callable[[Request, "Identity | None"], "bool | Awaitable[bool]"]


class Predicate:
    """Something that is true of who sends a request, or not. It is a guard for ``requires=[...]`` as it is.

        @app.get("/reports", requires=[any_of(is_user("root"), has_permission("manage"))])

    ``&``, ``|`` and ``~`` combine them too. ``message``: what who is refused is told. Where it is not true, somebody who has not
    signed in is sent to the login, and others get a 403.
    """

    __slots__ = ("_holds", "message")

    def __init__(self, holds: Holds, message: str = "") -> None:
        self._holds = holds
        self.message = message

    async def holds(self, request: Request) -> bool:
        """Whether it is true of a request."""
        found = self._holds(request, await identity_of(request))
        # Only True opens: a function that forgets to return closes.
        return (await found if isinstance(found, Awaitable) else found) is True

    async def __call__(self, request: Request) -> None:
        """The guard."""
        if await self.holds(request):
            return
        if await identity_of(request) is None:
            raise sent_away(request)
        raise Forbidden(self.message)

    def __and__(self, other: "Predicate") -> "Predicate":
        return all_of(self, other)

    def __or__(self, other: "Predicate") -> "Predicate":
        return any_of(self, other)

    def __invert__(self) -> "Predicate":
        return not_(self)


def predicate(holds: Holds, message: str = "") -> Predicate:
    """A predicate of your own: a function of the request and of who sends it, sync or async.

    over_18 = predicate(lambda request, who: who is not None and who.user.age >= 18, "This is for adults.")
    """
    return Predicate(holds, message)


def any_of(*predicates: Predicate, message: str = "") -> Predicate:
    """True where one of them is; they are asked in turn."""

    async def holds(request: Request, _: Any) -> bool:
        for one in predicates:
            if await one.holds(request):
                return True
        return False

    return Predicate(holds, message or _first(predicates))


def all_of(*predicates: Predicate, message: str = "") -> Predicate:
    """True where all of them are."""

    async def holds(request: Request, _: Any) -> bool:
        for one in predicates:
            if not await one.holds(request):
                return False
        return True

    return Predicate(holds, message or _first(predicates))


def not_(one: Predicate, message: str = "") -> Predicate:
    """True where the other one is not."""

    async def holds(request: Request, _: Any) -> bool:
        return not await one.holds(request)

    return Predicate(holds, message)


def signed_in(message: str = "") -> Predicate:
    """Somebody who is known."""
    return Predicate(lambda _, who: who is not None, message)


def is_user(*logins: str, message: str = "") -> Predicate:
    """One of these people, by their names or addresses; or by the id of an identity that is no account."""
    wanted = frozenset(logins)

    def holds(_: Request, who: Any) -> bool:
        if who is None:
            return False
        user = getattr(who, "user", None)
        return bool(wanted & ({who.id} if user is None else {user.name, user.email}))

    return Predicate(holds, message)


def in_group(*groups: str, message: str = "") -> Predicate:
    """Somebody in one of these groups, or in one that stands in it: ``in_group("staff")`` is true of ``staff/editors``."""
    wanted = frozenset(f"group:{name.strip('/')}" for name in groups)
    return Predicate(lambda _, who: who is not None and not wanted.isdisjoint(who.principals), message)


def is_admin(message: str = "") -> Predicate:
    """Somebody who may do everything."""
    return Predicate(lambda _, who: bool(getattr(getattr(who, "user", None), "is_admin", False)), message)


def has_permission(permission: str, target: Any = None, message: str = "") -> Predicate:
    """Somebody who has a permission: ``has_permission("publish")``, ``has_permission("change", Post)``.

    It was granted, or a rule of ``protect`` says it.
    """

    async def holds(_: Request, who: Any) -> bool:
        from segue.auth.permissions.acting import who_is
        from segue.auth.permissions.grants import has_grant
        from segue.auth.permissions.rows import may

        somebody = who_is(who)
        return await (
            has_grant(somebody, permission) if target is None else may(somebody, permission, target)
        )

    return Predicate(holds, message)


def requires(*predicates: Predicate | Callable[..., Any]) -> Hook:
    """Decorates a handler, a method or a class: all of the predicates, or other guards, have to let the request through.

        @app.post("/films")
        @requires(in_group("staff") | is_admin())
        async def add(film: Film) -> None: ...

        @requires(has_permission("manage"))        # all methods of the class
        class Manage: ...

    Whole apps, resources and trees say ``requires=[...]``.
    """
    guards = predicates

    async def guard(request: Request) -> None:
        for one in guards:
            found = one(request)
            if isinstance(found, Awaitable):
                await found

    return before(guard)


def _first(predicates: tuple[Predicate, ...]) -> str:
    return next((one.message for one in predicates if one.message), "")

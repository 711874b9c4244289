"""Access lists of resources, as trees of resources have them: who may do what here, and below."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, Literal, NamedTuple

from segue.core.styles.lineage import lineage

__all__ = [
    "ALL_PERMISSIONS",
    "DENY_ALL",
    "Allow",
    "Decision",
    "Deny",
    "Entry",
    "decide",
    "principals_allowed",
]

Allow: Final = "allow"
"""An entry of an access list grants."""
Deny: Final = "deny"
"""An entry of an access list refuses."""

Entry = tuple[Literal["allow", "deny"], str, "str | Collection[str]"]
"""``(Allow, "group:editors", "edit")``: what to do, for whom, and with which permissions."""


class _All(frozenset[str]):
    """All permissions, whatever they are called."""

    def __contains__(self, name: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "ALL_PERMISSIONS"


ALL_PERMISSIONS: Final = _All()
"""All permissions, in an entry of an access list."""
DENY_ALL: Final[Entry] = (Deny, "everyone", ALL_PERMISSIONS)
"""The last entry of a list that takes nothing from the resources above."""


class Decision(NamedTuple):
    """Whether something is permitted, and why: ``bool(decision)``, ``decision.reason``.

    ``entry``: the entry that decided, ``place`` the resource whose list it is in; None where no list says anything.
    """

    allowed: bool
    permission: str
    principals: Collection[str]
    entry: Any = None
    place: Any = None

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def reason(self) -> str:
        """Why, for a log or a page for developers."""
        who = ", ".join(sorted(self.principals))
        if self.entry is None:
            return f"{self.permission!r} is denied to {who}: no entry of an __acl__ on the way to the root says anything"
        return (
            f"{self.permission!r} is {'allowed' if self.allowed else 'denied'} to {who} by {self.entry!r} of "
            f"{type(self.place).__name__}.__acl__"
        )


def decide(
    context: Any, principals: Collection[str], permission: str, *, above: Iterable[Any] | None = None
) -> Decision:
    """What the access lists say: the first entry that fits, in the list of the context, then in those of its parents.

        class Folder:
            def __acl__(self):
                return [(Allow, f"user:{self.owner}", ("view", "edit")), (Allow, "group:editors", "edit"), DENY_ALL]

        decide(folder, principals, "edit").reason

    A list is an attribute or a method. ``above``: the way to the root, the context first; by default its ``__parent__``,
    that one's, and so on. Nothing said is denied.
    """
    everybody = frozenset((*principals, "everyone"))
    for place in lineage(context) if above is None else above:
        for entry in _list_of(place):
            action, principal, permissions = entry
            if principal in everybody and _covers(permissions, permission):
                return Decision(action == Allow, permission, everybody, entry, place)
    return Decision(False, permission, everybody)


def principals_allowed(context: Any, permission: str) -> frozenset[str]:
    """Who is named by the lists as having a permission: to show with whom a folder is shared.

    What a nearer list denies to everyone is taken away; what one person is denied is taken from that person.
    """
    allowed: set[str] = set()
    for place in reversed([*lineage(context)]):
        here: set[str] = set()
        denied: set[str] = set()
        for action, principal, permissions in _list_of(place):
            if not _covers(permissions, permission):
                continue
            if action == Allow and principal not in denied:
                here.add(principal)
            elif action == Deny:
                denied.add(principal)
                if principal == "everyone":
                    allowed.clear()
                    break
                allowed.discard(principal)
        allowed |= here
    return frozenset(allowed)


def _list_of(place: Any) -> Sequence[Entry]:
    found: Sequence[Entry] | Callable[[], Sequence[Entry]] = getattr(place, "__acl__", ())
    return found() if callable(found) else found


def _covers(permissions: "str | Collection[str]", permission: str) -> bool:
    return permission == permissions if isinstance(permissions, str) else permission in permissions

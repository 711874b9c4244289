"""Who sends a request, once it is known: the account, what it belongs to, and since when."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from segue.auth.models.account import Account
from segue.auth.models.group import tags_within
from segue.db.models.attributes import key_of

__all__ = ["EVERYONE", "SIGNED_IN", "SignedIn", "id_of", "principals_of"]

EVERYONE = "everyone"
"""The principal of everybody, signed in or not."""
SIGNED_IN = "signed in"
"""The principal of whoever is signed in."""


class SignedIn(NamedTuple):
    """An account that has signed in: an identity (``segue.core.ports.Identity``).

    ``user``: the account. ``at``: when it has signed in, and ``proven`` when it has last given its password, in seconds since
    1970; 0 for a browser that was remembered. ``method``: how, such as ``password``. ``by``: who acts in its name, if somebody
    else does: see ``Accounts.impersonate``.
    """

    user: Any
    id: str
    principals: frozenset[str]
    at: float = 0.0
    proven: float = 0.0
    method: str = ""
    by: Any = None

    @property
    def actor(self) -> str:
        """Who is said to have done what is done now: both, where one acts in the name of the other."""
        return self.id if self.by is None else f"{id_of(self.by)} as {self.id}"

    def __repr__(self) -> str:
        return f"<SignedIn {self.id} by {self.method or 'other means'}>"


def id_of(user: Account) -> str:
    """The key of an account as text."""
    key = key_of(user)
    if not isinstance(key, int | str) and not hasattr(key, "hex"):
        raise TypeError(
            f"{type(user).__name__} has no key that accounts can be known by: it is {key!r:.60}, and has to be a number, "
            f"a text or a UUID of an object that is saved"
        )
    return str(key)


def principals_of(user: Account, groups: Iterable[str] | None = None) -> frozenset[str]:
    """What an account is and belongs to: ``user:7``, ``group:staff/editors``, ``group:staff``, ``everyone``, ``signed in``.

    ``groups``: their names; by default those that were loaded with it.
    """
    names = [one.name for one in user.groups] if groups is None else groups
    inside = {f"group:{tag}" for name in names for tag in tags_within(name)}
    return frozenset({EVERYONE, SIGNED_IN, f"user:{id_of(user)}", *inside})

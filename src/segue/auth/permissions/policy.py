"""Security policies: one object that says who somebody is, what they may, and how a browser remembers it."""

from typing import TYPE_CHECKING, Any, Protocol

from segue.auth.permissions.acl import Decision, decide
from segue.core.appkey import AppKey
from segue.core.identity import identity_of
from segue.core.ports import Identity
from segue.core.styles.traversal import is_traversed, traversed
from segue.http.request import Request
from segue.security.nearest import nearest

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup

__all__ = [
    "NO_PERMISSION_REQUIRED",
    "POLICY",
    "Policy",
    "SecurityPolicy",
    "authenticated_id",
    "by_lists",
    "forget",
    "permits",
    "remember",
]

#: For a route or view of an app that has a permission for all of them: ``App(permission="view")``.
NO_PERMISSION_REQUIRED = None


class SecurityPolicy(Protocol):
    """What decides about security, in one object: ``App(plugins=[Policy(MyPolicy())])``.

    ``identity``: who sends a request, None for nobody. ``permits``: whether somebody may do something with a resource, None for a
    route that is about none. ``remember`` and ``forget`` let the browser know who it is from now on: cookies go with
    ``request.after_this``. It may have ``brings``: plugins that it needs besides.
    """

    async def identity(self, request: Request) -> Identity | None: ...
    async def permits(self, request: Request, permission: str, context: Any) -> Decision | bool: ...
    async def remember(self, request: Request, id: str) -> None: ...
    async def forget(self, request: Request) -> None: ...


class Policy:
    """Plugin: a security policy decides about all routes of the app. ``Auth`` brings one of its own.

    app = App(plugins=[Policy(TicketPolicy(keys))], permission="view")         # closed, unless a route says otherwise

    @app.get("/login", permission=NO_PERMISSION_REQUIRED)
    async def login() -> str: ...
    """

    name = "policy"

    def __init__(self, policy: SecurityPolicy) -> None:
        self.policy = policy

    def setup(self, to: "Setup") -> None:
        """Declares who sends a request, and who may do what."""
        to.app[POLICY] = self.policy
        for plugin in getattr(self.policy, "brings", ()):
            to.bring(plugin)
        to.identifies(self.policy.identity)

        async def decided(request: Request, permission: str, context: Any) -> bool:
            return bool(await permits(request, permission, context))

        to.permits(decided)


async def authenticated_id(request: Request) -> str | None:
    """The id of who sends a request; None for nobody."""
    identity = await identity_of(request)
    return None if identity is None else identity.id


async def permits(request: Request, permission: str, context: Any = None) -> Decision | bool:
    """What the policy of the app says. A decision by access lists knows its ``reason``.

    Raises LookupError where the app has no policy.
    """
    return await _policy_of(request).permits(request, permission, context)


async def remember(request: Request, id: str) -> None:
    """Lets the browser be known as somebody from now on. Raises LookupError where the app has no policy."""
    await _policy_of(request).remember(request, id)


async def forget(request: Request) -> None:
    """Lets the browser be known as nobody. Raises LookupError where the app has no policy."""
    await _policy_of(request).forget(request)


async def by_lists(request: Request, permission: str, context: Any) -> Decision:
    """What the access lists on the way to a resource say: ``__acl__`` of the context, of its parent, and so on."""
    identity = await identity_of(request)
    principals = frozenset() if identity is None else frozenset((*identity.principals, "signed in"))
    above = None
    if is_traversed(request) and traversed(request).context is context:
        # Resources that were passed on the way need not know their parents.
        above = traversed(request).lineage[::-1]
    return decide(context, principals, permission, above=above)


POLICY: AppKey[SecurityPolicy] = AppKey("segue.auth.policy")


def _policy_of(request: Request) -> SecurityPolicy:
    found = nearest(request, POLICY)
    if found is None:
        raise LookupError(
            f"{request!r} is answered by an app without a security policy: list Auth, or Policy(...)"
        )
    return found

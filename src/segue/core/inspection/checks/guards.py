"""Routes that act in the name of whoever sends a cookie, and that any other site can let its visitors call."""

from collections.abc import Iterator

from segue.core.binding.parameters import Parameter
from segue.core.handlers import Endpoint
from segue.core.inspection.checks.finding import Finding, found_at
from segue.core.plan import Plan
from segue.server.frames import is_users

__all__ = ["unguarded"]

_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_GUARD = "csrf"


def unguarded(plan: Plan) -> Iterator[Finding]:
    """Unsafe routes that read a cookie, without the CSRF guard; what is exempted by name is meant so."""
    for endpoint in plan.endpoints:
        methods = [method for method in endpoint.methods if method in _UNSAFE]
        if not methods or not is_users(endpoint.place.file) or _is_guarded(plan, endpoint):
            continue
        cookie = next((one.wire for one in _inputs(endpoint) if one.origin == "cookie"), None)
        if cookie is not None:
            yield found_at(
                endpoint.place,
                "unguarded",
                f"{methods[0]} {endpoint.path} reads the cookie {cookie!r}, which browsers send whatever site has asked for "
                f"it: list the plugin CSRF(), or say skip=[{_GUARD!r}] if it has another proof",
            )


def _is_guarded(plan: Plan, endpoint: Endpoint) -> bool:
    around = (*plan.middleware, *endpoint.middleware)
    return _GUARD in endpoint.options.skip or any(one.plugin == _GUARD for one in around)


def _inputs(endpoint: Endpoint) -> list[Parameter]:
    return [*endpoint.parameters, *endpoint.wiring.inputs]

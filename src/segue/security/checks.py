"""What ``segue check --deploy`` says about sessions and about what a site insists on."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from segue.security.sessions.keeping import StoreKeeper
from segue.security.sessions.manager import SessionManager, has_session
from segue.security.sessions.memory import MemorySessions

if TYPE_CHECKING:
    from segue.core.inspection.checks.finding import Finding

__all__ = ["session_findings", "site_findings"]

_DAY = 86_400
_LONGEST = 90 * _DAY
_HSTS = 180 * _DAY
_WEAK = ("'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'")


def session_findings(app: Any, manager: SessionManager) -> "Iterator[Finding | tuple[str, str]]":
    """What is weaker about the sessions of ``app`` than it was by default."""
    from segue.core.inspection.checks.finding import found_at

    cookie = manager.cookie
    if not cookie.secure:
        yield (
            "insecure-cookie",
            "the cookie of the session is sent over HTTP too: take SessionCookie(secure=False) away",
        )
    elif cookie.same_site == "none":
        yield (
            "same-site",
            'the cookie of the session is sent with requests from other sites: use same_site="lax"',
        )
    if manager.keeper.lifetimes.absolute > _LONGEST:
        yield (
            "long-session",
            "a session may last longer than 90 days: give Sessions(absolute=...) fewer seconds",
        )
    if isinstance(manager.keeper, StoreKeeper) and isinstance(manager.keeper.store, MemorySessions):
        yield (
            "memory-sessions",
            'each worker has sessions of its own, which end with it: Sessions("sessions.db") is shared',
        )
    for route in app.plan.endpoints:
        exempt = "csrf" in route.options.skip and any(
            method in ("POST", "PUT", "PATCH", "DELETE") for method in route.methods
        )
        if exempt and has_session(route):
            yield found_at(
                route.place,
                "csrf-exempt",
                f"{route.name} has a session and goes without the CSRF guard: any site can let its visitors call it",
            )


def site_findings(plugin: Any, hosts: Sequence[str], https: bool) -> Iterator[tuple[str, str]]:
    """What a ``Security`` plugin leaves open."""
    if not hosts:
        yield (
            "no-hosts",
            "the site answers for its own machine only: name its hosts in SECURITY_HOSTS, or Security(hosts=[...])",
        )
    if any(host == "*" or (host.startswith("*.") and host.count(".") < 2) for host in hosts):
        yield "any-host", "the site answers for nearly every host: name its own"
    if not https:
        yield (
            "no-https",
            "what visitors send can be read on its way: Security(https=True), or nothing, which means it",
        )
    elif plugin.hsts < _HSTS:
        yield "short-hsts", "browsers forget soon that the site has HTTPS: a year is hsts=31_536_000"
    csp = plugin.csp
    if csp is None:
        yield (
            "no-csp",
            "a script that gets into a page runs there: leave csp as it is, or change single directives",
        )
    elif csp.header.endswith("report-only"):
        yield "csp-reports-only", "the policy blocks nothing: take report_only=True away when it is quiet"
    elif any(weak in csp.plain for weak in _WEAK) or " * " in f" {csp.plain.replace(';', ' ')} ":
        yield "weak-csp", "the policy allows what it is there to forbid: use the nonce, {{ csp_nonce }}"

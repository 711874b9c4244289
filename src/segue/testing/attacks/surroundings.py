"""Requests whose values fit, and that come from somewhere else: other sites, other hosts."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding, found_at
from segue.core.inspection.checks.subjects import function_of
from segue.server.frames import is_users
from segue.testing.asyncclient import AsyncClient
from segue.testing.attacks.targets import Target
from segue.testing.attacks.values import EVIL
from segue.testing.response import ClientResponse
from segue.testing.socket import WebSocketRefused

__all__ = ["FOREIGN", "Sends", "from_elsewhere", "sockets_from_elsewhere"]

Sends = Callable[[Target, dict[str, str]], Awaitable[ClientResponse | None]]
"""Sends a request of a route with further fields; the response, or None where there is none."""

#: Origins that are ours only for somebody who looks at a part of them.
FOREIGN = (f"https://{EVIL}", "null", f"http://localhost.{EVIL}", "http://evillocalhost")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def from_elsewhere(target: Target, send: Sends) -> AsyncIterator[tuple[str, str]]:
    """The code of what got through, and what to do about it."""
    for origin in FOREIGN:
        reply = await send(target, {"origin": origin})
        allowed = reply is not None and reply.headers.get("access-control-allow-origin") == origin
        if reply is not None and allowed and reply.headers.get("access-control-allow-credentials") == "true":
            yield (
                "cors",
                f"pages of {origin} may read what it answers to a visitor who is signed in: list the origins of CORS one by one",
            )
            break
    # A name that no other attack has left behind in a database.
    host = f"{secrets.token_hex(8)}.{EVIL}"
    reply = await send(target, {"host": host})
    if reply is not None and reply.status < 400 and host in reply.headers.get("location", "") + reply.text:
        yield (
            "host",
            "it makes links of the Host field, which anybody chooses: list the plugin Security(hosts=[...])",
        )
    if target.method not in _SAFE and target.cookies and "csrf" not in target.endpoint.options.skip:
        fields = {
            "origin": f"https://{EVIL}",
            "sec-fetch-site": "cross-site",
            "cookie": "session=1; visitor=1",
        }
        reply = await send(target, fields)
        if reply is not None and reply.status < 400:
            yield (
                "forged-request",
                "a page of another site makes a visitor's browser send it: list the plugin Sessions() or CSRF()",
            )


async def sockets_from_elsewhere(app: App, client: AsyncClient) -> list[Finding]:
    """WebSockets that open for pages of other sites, and know who comes by a cookie."""
    found: list[Finding] = []
    for endpoint in app.plan.endpoints:
        function = function_of(endpoint.handler)
        if endpoint.kind != "websocket" or "{" in endpoint.path or function is None:
            continue
        if not is_users(function.__code__.co_filename):
            continue
        fields = {"origin": f"https://{EVIL}", "cookie": "session=1; visitor=1"}
        if not Target(endpoint, endpoint.path, "GET").cookies:
            continue
        try:
            async with client.websocket(endpoint.path, headers=fields):
                pass
        except (WebSocketRefused, TimeoutError):
            continue
        except Exception:  # noqa: BLE001, S110 -- it was open, and then failed
            pass
        advice = "a page of another site opens it in a visitor's name: leave the check of the origin on"
        found.append(found_at(endpoint.place, "forged-socket", f"{endpoint.name}: {advice}"))
    return found

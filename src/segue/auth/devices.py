"""Browsers that stay signed in when their session has ended: "remember me"."""

import hashlib
import secrets
import time
from typing import Any

from segue.auth.directory import agent_of
from segue.auth.identity import id_of
from segue.auth.models.device import Device
from segue.http.cookies import Cookie
from segue.http.request import Request
from segue.security import client_network

__all__ = ["Devices"]


class Devices:
    """The browsers that an app remembers: each has a cookie with a random text, of which the database keeps a hash.

    ``lasts``: seconds for which one is remembered; 0 for not at all. ``secure``: the cookie is for HTTPS only.
    """

    def __init__(self, lasts: float, *, secure: bool) -> None:
        self._lasts = lasts
        self._secure = secure
        self._name = "__Host-remember" if secure else "remember"

    async def remember(self, request: Request, user: Any) -> int | None:
        """Remembers the browser that sends a request; the key of what is kept of it."""
        if not self._lasts:
            return None
        token, now = secrets.token_urlsafe(32), time.time()
        device = await Device.create(
            key=_hash(token),
            owner=id_of(user),
            stamp=user.stamp,
            agent=agent_of(request),
            address=client_network(request),
            created=now,
            used=now,
            until=now + self._lasts,
        )
        self._set(request, token)
        return device.id

    def is_told(self, request: Request) -> bool:
        """Whether the request has such a cookie."""
        return self._name in request.cookies

    async def known(self, request: Request) -> Device | None:
        """What is kept of the browser that sends a request, if it is remembered."""
        token = request.cookies.get(self._name)
        if not token:
            return None
        now = time.time()
        device = await Device.where(Device.key == _hash(token), Device.until > now).first()
        if device is not None:
            await Device.where(Device.id == device.id).update(
                used=now, agent=agent_of(request), address=client_network(request)
            )
        return device

    async def forget(self, request: Request) -> None:
        """Forgets the browser that sends a request."""
        token = request.cookies.get(self._name)
        if token:
            await Device.where(Device.key == _hash(token)).delete()
            self._set(request, "")

    async def open(self) -> None:
        """Nothing to do: the plugin Database opens the database."""

    async def close(self) -> None:
        """Nothing to do."""

    async def sweep(self) -> int:
        """Takes away what is over; how many there were."""
        return await Device.where(Device.until < time.time()).delete()

    def _set(self, request: Request, token: str) -> None:
        cookie = Cookie(
            self._name,
            token,
            max_age=int(self._lasts) if token else 0,
            expires=None if token else 0,
            secure=self._secure,
            same_site="lax",
        )
        request.after_this(lambda response: response.set_cookie(cookie))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

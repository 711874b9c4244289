"""Where an account is signed in: its sessions, and the browsers that are remembered; each can be signed out."""

import secrets
import time
from typing import Any, NamedTuple

import msgspec

from segue.auth.identity import id_of
from segue.auth.known import Known, known_of, put_known
from segue.auth.models.device import Device
from segue.http.request import Request
from segue.security import OtherSession, Session, session_of
from segue.security.sessions.manager import SessionManager

__all__ = ["Place", "Places"]


class Place(NamedTuple):
    """A session, or a browser that is remembered. ``handle`` names it in a form; ``at`` and ``used`` are seconds since 1970.

    ``here``: it is the session of the request. ``remembered``: the browser stays signed in when the session has ended.
    """

    handle: str
    agent: str
    address: str
    at: float
    used: float
    here: bool
    remembered: bool


class Places:
    """Where the accounts of an app are signed in."""

    def __init__(self, manager: SessionManager) -> None:
        self._manager = manager

    async def of(self, request: Request) -> list[Place]:
        """Where who sends a request is signed in: here first, then the place that was used last."""
        session = await session_of(request)
        here = known_of(session)
        if here is None or session.owner is None:
            return []
        found = [_place("", here, time.time(), here=True)]
        devices = {here.device}
        for other in await self._others(session):
            known = _known(other)
            if known is not None:
                devices.add(known.device)
                found.append(_place(other.handle, known, other.used))
        kept = await Device.where(Device.owner == session.owner, Device.until > time.time())
        found += [
            Place(f"d{one.id}", one.agent, one.address, one.created, one.used, False, True)
            for one in kept
            if one.id not in devices
        ]
        return sorted(found, key=lambda one: (not one.here, -one.used))

    async def end(self, request: Request, handle: str) -> bool:
        """Signs out at one of them; False where there is no such place (any more)."""
        session = await session_of(request)
        for other in await self._others(session):
            if secrets.compare_digest(other.handle.encode(), handle.encode()):
                known = _known(other)
                if known is not None and known.device is not None:
                    await Device.where(Device.id == known.device, Device.owner == session.owner).delete()
                await other.end()
                return True
        number = handle[1:]
        if not handle.startswith("d") or not number.isascii() or not number.isdecimal() or len(number) > 18:
            return False
        return bool(await Device.where(Device.id == int(number), Device.owner == session.owner).delete())

    async def end_others(self, request: Request) -> None:
        """Signs out everywhere but here."""
        session = await session_of(request)
        here = known_of(session)
        for other in await self._others(session):
            await other.end()
        others = Device.where(Device.owner == session.owner)
        if here is not None and here.device is not None:
            others = others.where(Device.id != here.device)
        await others.delete()

    async def end_all(self, user: Any, *, but: Request | None = None) -> None:
        """Signs an account out everywhere, but not in the session of a request."""
        owner = id_of(user)
        await Device.where(Device.owner == owner).delete()
        session = None if but is None else await session_of(but)
        here = None if session is None or session.owner != owner else known_of(session)
        if session is not None and here is not None:
            for other in await self._others(session):
                await other.end()
            here.stamp, here.device = user.stamp, None
            put_known(session, here, but)
            session.rotate()
        elif self._manager.keeper.is_shared:
            for key in list(await self._manager.keeper.owned(owner)):
                await self._manager.keeper.forget(key)

    async def _others(self, session: Session[Any]) -> list[OtherSession]:
        """The other sessions; those that travel in their cookies are not known to anybody else, and end by the account's stamp."""
        return await session.others() if self._manager.keeper.is_shared else []


def _known(other: OtherSession) -> Known | None:
    value = other.get("auth")
    return None if value is None else msgspec.convert(value, Known)


def _place(handle: str, known: Known, used: float, *, here: bool = False) -> Place:
    return Place(handle, known.agent, known.address, known.at, used, here, known.device is not None)

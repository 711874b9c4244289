"""What a session knows of who has signed in."""

import time
from typing import Any

import msgspec

from segue.auth.directory import agent_of
from segue.http.request import Request
from segue.security import Session, client_network

__all__ = ["Known", "Waiting", "forget_identity", "known_of", "put_known", "put_waiting", "waiting_of"]

_NAME = "auth"
_STEP = "auth step"
_STEP_AGE = 600.0


class Known(msgspec.Struct):
    """What a session knows of who has signed in. ``agent``, ``address``: where that was."""

    id: str
    stamp: str
    at: float
    proven: float
    method: str
    agent: str = ""
    address: str = ""
    device: int | None = None
    by: str = ""


class Waiting(msgspec.Struct):
    """Somebody whose password was right, and who has yet to take a second step."""

    id: str
    stamp: str
    remember: bool
    target: str
    at: float


def known_of(session: Session[Any], name: str = _NAME) -> Known | None:
    """Who has signed in with this session."""
    return msgspec.convert(session[name], Known) if name in session else None


def put_known(session: Session[Any], known: Known, request: Request | None = None) -> None:
    """Keeps who has signed in; ``request``: where that is now."""
    if request is not None:
        known.agent, known.address = agent_of(request), client_network(request)
        forget_identity(request)
    session[_NAME] = msgspec.to_builtins(known)


def waiting_of(session: Session[Any]) -> Waiting | None:
    """Who has yet to take a second step, for ten minutes."""
    if _STEP not in session:
        return None
    waiting = msgspec.convert(session[_STEP], Waiting)
    if not 0 <= time.time() - waiting.at <= _STEP_AGE:
        del session[_STEP]
        return None
    return waiting


def put_waiting(session: Session[Any], waiting: Waiting | None) -> None:
    """Keeps who has yet to take a second step; None: nobody."""
    if waiting is not None:
        session[_STEP] = msgspec.to_builtins(waiting)
    else:
        session.pop(_STEP, None)


def forget_identity(request: Request) -> None:
    """Lets whoever asks next find out anew who sends a request."""
    if request.made is not None:
        request.made.pop("identity", None)

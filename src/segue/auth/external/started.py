"""What a session remembers of visitors who were sent elsewhere to sign in, until they come back."""

import hmac
import time
from typing import Any

import msgspec

from segue.auth.external.person import SignInFailed
from segue.security import Session

__all__ = ["PATIENCE", "Started", "remember_start", "take_start"]

_PENDING = "sign in with"
_MOST = 5  # tabs in which somebody has begun
PATIENCE = 600.0  # seconds to come back in


class Started(msgspec.Struct):
    """What a session remembers of a flow that was begun."""

    provider: str
    nonce: str
    verifier: str
    back: str
    target: str
    at: float
    link: bool = False


def remember_start(session: Session[Any], state: str, started: Started) -> None:
    """Keeps what was begun under a ``state`` that nobody else knows, beside a few others."""
    pending = [*_pending(session).items(), (state, started)][-_MOST:]
    session[_PENDING] = {name: msgspec.to_builtins(one) for name, one in pending}


def take_start(session: Session[Any], state: str, provider: str) -> Started:
    """What was begun under a state, which is good once. Raises SignInFailed."""
    pending = _pending(session)
    found = next(
        (name for name in pending if hmac.compare_digest(name.encode(), state.encode("utf-8", "replace"))),
        None,
    )
    started = None if found is None else pending.pop(found)
    if started is not None:
        session[_PENDING] = {name: msgspec.to_builtins(one) for name, one in pending.items()}
    if started is None or started.provider != provider:
        raise SignInFailed(f"the answer of {provider} belongs to nothing that this visitor has begun")
    if not 0 <= time.time() - started.at <= PATIENCE:
        raise SignInFailed(f"the answer of {provider} comes too late")
    return started


def _pending(session: Session[Any]) -> dict[str, Started]:
    known = session.get(_PENDING, {})
    return {name: msgspec.convert(one, Started) for name, one in known.items()}

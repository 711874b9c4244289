"""Keys that make a form good for once, kept in the session of its visitor."""

import secrets

from segue.security.sessions.session import Session

__all__ = ["SessionFormKeys", "form_keys"]

#: So many forms may be open at once; the oldest ones are no good any more then.
_MOST = 50
_NAME = "_form_keys"


class SessionFormKeys:
    """The keys of one visitor: segue.core.ports.FormKeys. Requests that send forms wait for each other, so a key is used by one."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def new(self) -> str:
        """A key for a form that is shown."""
        key = secrets.token_urlsafe(16)
        self._session[_NAME] = [*self._session.get(_NAME, []), key][-_MOST:]
        return key

    def take(self, key: str) -> bool:
        """Whether a key is still good; it is not afterwards."""
        known: list[str] = self._session.get(_NAME, [])
        if key not in known:
            return False
        self._session[_NAME] = [one for one in known if one != key]
        return True


def form_keys(session: Session) -> SessionFormKeys:
    """Provides them."""
    return SessionFormKeys(session)

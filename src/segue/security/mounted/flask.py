"""``flask.session`` as the session of the Segue app that a Flask app is mounted in."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from segue.security.sessions.session import Session

__all__ = ["SharedSession", "SharedSessions"]


class SharedSession(SessionMixin):
    """The session, as Flask wants it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __getitem__(self, name: str) -> Any:
        return self._session[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._session[name] = value

    def __delitem__(self, name: str) -> None:
        del self._session[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._session)

    def __len__(self) -> int:
        return len(self._session)

    def clear(self) -> None:
        """Ends it: in Flask this is how users are logged out."""
        self._session.clear()

    @property
    def new(self) -> bool:  # type: ignore[override]  # a plain attribute there
        """Whether the visitor came without one."""
        return self._session.is_new


class SharedSessions(SessionInterface):
    """Makes ``flask.session`` the session of Segue:

    legacy.session_interface = SharedSessions()
    app.mount("/legacy", legacy)

    Nothing else in the Flask app changes; its ``SECRET_KEY`` is not needed for sessions any more.
    """

    def open_session(self, app: Flask, request: Request) -> SharedSession | None:
        """The session that Segue has loaded. Raises RuntimeError where the app is not mounted in one with sessions."""
        session = request.environ.get("segue.session")
        if session is None:
            raise RuntimeError(
                "this Flask app shares the session of a Segue app, but is not mounted in one that lists the plugin Sessions"
            )
        return SharedSession(session)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing to do: Segue writes it, and sets the cookie."""

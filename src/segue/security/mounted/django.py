"""``request.session`` of Django as the session of the Segue app that a Django project is mounted in."""

from collections.abc import Callable
from typing import Any

from django.contrib.sessions.backends.base import (  # type: ignore[import-untyped]  # Django has no types
    SessionBase,
)

from segue.security.sessions.session import Session

__all__ = ["SharedSessionMiddleware"]


class _Shared(SessionBase):  # type: ignore[misc]  # Django has no types
    """The session, as Django wants it: its ``auth`` logs in and out by these methods."""

    def __init__(self, session: Session) -> None:
        super().__init__(None)
        self._shared = session
        # What SessionBase keeps in a dict of its own is kept by ours.
        self._session_cache = session

    def cycle_key(self) -> None:
        """A new id, at login."""
        self._shared.rotate()

    def flush(self) -> None:
        """The end, at logout."""
        self._shared.clear()

    def clear(self) -> None:
        self._shared.clear()

    def save(self, must_create: bool = False) -> None:
        """Nothing to do: Segue writes it."""

    def load(self) -> Any:
        return self._shared

    def exists(self, session_key: str) -> bool:
        return not self._shared.is_new

    def create(self) -> None:
        """Nothing to do: what is put in begins one."""

    def delete(self, session_key: str | None = None) -> None:
        self._shared.clear()


class SharedSessionMiddleware:
    """In ``MIDDLEWARE``, instead of ``django.contrib.sessions.middleware.SessionMiddleware``:

    MIDDLEWARE = ["segue.security.mounted.django.SharedSessionMiddleware", ...]

    Nothing else in the project changes; ``django.contrib.auth`` keeps its logins in it too.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response

    def __call__(self, request: Any) -> Any:
        """Answers. Raises RuntimeError where the project is not mounted in an app with sessions."""
        session = request.META.get("segue.session")
        if session is None:
            raise RuntimeError(
                "this Django project shares the session of a Segue app, but is not mounted in one that lists the plugin Sessions"
            )
        request.session = _Shared(session)
        return self._get_response(request)

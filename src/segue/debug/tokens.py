"""Who may use the console: the one that reads the terminal."""

import logging
import secrets

__all__ = ["Gate"]

logger = logging.getLogger("segue.debug")

_TRIES = 5
_KEYS = 8


class Gate:
    """Takes a token for a key, each token once. The token is random and only in the log, so that it cannot be guessed.

    After five wrong ones it stays shut until the program starts anew.
    """

    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(12)
        self._keys: list[str] = []
        self._wrong = 0

    def announce(self) -> None:
        """Writes the token to the log."""
        logger.warning("Error pages have a console. Its token, for one browser and one time: %s", self._token)

    def open(self, token: str) -> str | None:
        """A key for the token; None when it is not the one, or too many were not."""
        if self._wrong >= _TRIES or not secrets.compare_digest(token.encode(), self._token.encode()):
            self._wrong += 1
            return None
        key = secrets.token_urlsafe(32)
        self._keys = [*self._keys, key][-_KEYS:]
        self._token = secrets.token_urlsafe(12)
        self.announce()
        return key

    def knows(self, key: str) -> bool:
        """Whether a key was given out by :meth:`open`."""
        return any(secrets.compare_digest(key.encode(), one.encode()) for one in self._keys)

"""Passwords are hashed with Argon2id (RFC 9106), in threads of their own, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from segue.auth.passwords.older import fits_older
from segue.auth.passwords.strength import Strength
from segue.http.normal import normalized

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["LONGEST", "Passwords", "Verified"]

T = TypeVar("T")

LONGEST = 1_024
"""Characters of a password at most: what is longer is refused before any work is done."""


class Verified(NamedTuple):
    """Whether a password fits, and whether its hash is to be made anew: it is of an older kind, or was cheaper."""

    fits: bool
    outdated: bool = False


class Passwords:
    """Hashes passwords, and compares them.

        passwords = Passwords()
        hash = await passwords.hash("correct horse battery staple")
        await passwords.verify("correct horse battery staple", hash)       # Verified(fits=True, outdated=False)

    ``memory``: KiB for each hash, ``rounds`` over it, ``lanes`` of it: what guessing costs, and signing in. The event loop never
    waits for it: it is done in a thread, ``at_once`` of them, so that many logins together take a bounded amount of memory.
    ``strength``: which passwords may be chosen.

    Hashes of Django, Werkzeug, passlib and web2py (PBKDF2, scrypt, bcrypt, Argon2) are read too, and replaced at the next login.
    """

    def __init__(
        self,
        *,
        memory: int = 64 * 1024,
        rounds: int = 3,
        lanes: int = 4,
        at_once: int = 4,
        strength: Strength = Strength(),  # noqa: B008 -- frozen
    ) -> None:
        self._costs = (rounds, memory, lanes)
        self._at_once = at_once
        self._hasher: PasswordHasher | None = None
        self._executor: ThreadPoolExecutor | None = None
        self._nobodys: str | None = None
        self.strength = strength

    async def hash(self, password: str) -> str:
        """The hash to keep. Raises ValueError for a password that is too long to be one."""
        if len(password) > LONGEST:
            raise ValueError(f"a password has at most {LONGEST} characters")
        return await self._in_thread(lambda: self._argon2().hash(_normal(password)))

    async def verify(self, password: str, hash: str | None) -> Verified:
        """Whether a password fits. ``hash``: None for an account that has none, or is not there: it takes as long as if it had."""
        if len(password) > LONGEST or password.encode("utf-8", "replace").decode() != password:
            return Verified(False)  # nobody types half a character
        return await self._in_thread(lambda: self._verified(password, hash))

    def close(self) -> None:
        """Lets the threads go. They come again when they are needed."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)

    def _verified(self, password: str, hash: str | None) -> Verified:
        if hash is not None and not hash.startswith("$argon2"):
            fits = fits_older(password, hash)
            # Who guesses is not told by the time that this account has not signed in for long.
            self._fits(_normal(password), self._nobody())
            return Verified(fits, fits)
        fits = self._fits(_normal(password), self._nobody() if hash is None else hash)
        if hash is None or not fits:
            return Verified(False)
        return Verified(True, self._argon2().check_needs_rehash(hash))

    def _fits(self, password: str, hash: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._argon2().verify(hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _nobody(self) -> str:
        """The hash of a password that nobody has."""
        if self._nobodys is None:
            import secrets

            self._nobodys = self._argon2().hash(secrets.token_hex(16))
        return self._nobodys

    def _argon2(self) -> "PasswordHasher":
        if self._hasher is None:
            try:
                from argon2 import PasswordHasher
            except ImportError:
                raise ImportError("passwords are hashed by argon2-cffi: pip install 'segue[auth]'") from None
            rounds, memory, lanes = self._costs
            self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory, parallelism=lanes)
        return self._hasher

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self._at_once, thread_name_prefix="segue-passwords")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)


def _normal(password: str) -> str:
    """The same for however a keyboard composes its letters."""
    try:
        return normalized("NFKC", password)
    except ValueError:
        return password  # nobody types it

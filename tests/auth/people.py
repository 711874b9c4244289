"""What the tests of accounts have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from segue.auth import Passwords, Strength

KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"
PASSWORD = "nuages over the seine"


def cheap(**more: Any) -> Passwords:
    """Hashes that take no time."""
    return Passwords(memory=64, rounds=1, lanes=1, strength=Strength(**more))


class Browsers:
    """Several browsers of one client: each has cookies of its own, ``with browsers("telephone"):``."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[str, dict[str, str]] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        before = self._take()
        self._put(self._kept.get(name, {}))
        try:
            yield
        finally:
            self._kept[name] = self._take()
            self._put(before)

    def _take(self) -> dict[str, str]:
        return {name: self._client.cookies[name] for name in self._client.cookies}

    def _put(self, cookies: dict[str, str]) -> None:
        self._client.cookies.clear()
        for name, value in cookies.items():
            self._client.cookies.set(name, value)

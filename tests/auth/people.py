"""What the tests of accounts have in common."""

from __future__ import annotations

from typing import Any

from segue.auth import Passwords, Strength

KEY = "the-secret-key-of-these-tests-0123456789-abcdefghijklmnop"
PASSWORD = "nuages over the seine"


def cheap(**more: Any) -> Passwords:
    """Hashes that take no time."""
    return Passwords(memory=64, rounds=1, lanes=1, strength=Strength(**more))

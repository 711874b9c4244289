"""What the tests of the pure values share."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

# How long one example takes on a busy machine is no finding; that time is linear is tested for itself.
settings.register_profile("segue", deadline=None)
settings.load_profile("segue")

T = TypeVar("T")

Chunks = Callable[..., AsyncIterator[bytes]]


@pytest.fixture(scope="session")
def chunked() -> Chunks:
    """A body that comes in pieces of one size."""

    async def pieces(body: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return pieces


@pytest.fixture(scope="session")
def inline() -> Callable[..., Any]:
    """An `offload` that does the work where it is."""

    async def offload(function: Callable[..., T], *args: Any) -> T:
        return function(*args)

    return offload

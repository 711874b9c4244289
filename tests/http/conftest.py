"""What the tests of the pure values share."""

import gc
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

# How long one example takes on a busy machine is no finding; that time is linear is tested for itself.
settings.register_profile("segue", deadline=None)
settings.load_profile("segue")

T = TypeVar("T")

Linear = Callable[..., None]
Chunks = Callable[..., AsyncIterator[bytes]]


def _cost(function: Callable[[Any], object], value: object) -> float:
    best = float("inf")
    # A collection looks at every object of the process, those of ten thousand other tests among them: not the function's.
    gc.disable()
    try:
        for _ in range(5):
            started = time.process_time()
            function(value)
            best = min(best, time.process_time() - started)
    finally:
        gc.enable()
    return best


@pytest.fixture(scope="session")
def linear() -> Linear:
    """SECURITY.md's bound: ten times the input costs at most twenty times the time, the best of five."""

    def check(function: Callable[[Any], object], make: Callable[[int], object], n: int = 10_000) -> None:
        def run(value: object) -> None:
            try:
                function(value)
            except ValueError:
                pass  # a refusal is an answer too

        # What is worse than linear is so each time; a busy machine is not.
        for _ in range(4):
            small, large = _cost(run, make(n)), _cost(run, make(10 * n))
            # Below 0.2 us a unit the ratio says more about caches and pages than about the function: 16 ns become 60 when
            # the objects are spread over a large process. What is not linear takes seconds for a hundred thousand units.
            if large < max(0.002, 0.2e-6 * 10 * n) or large / small <= 20:
                return
        raise AssertionError(f"{small:.6f} s for {n}, {large:.6f} s for ten times that")

    return check


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

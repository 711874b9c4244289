"""Which core serves and which core loads: two different ones, so that neither takes time from the other."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

# Read once: `pinned_to` narrows it for a moment.
ALLOWED = sorted(os.sched_getaffinity(0))


def server_core() -> int:
    return ALLOWED[0]


def load_core() -> int:
    """The second core this process may use; the same as the server's where there is only one."""
    return ALLOWED[1] if len(ALLOWED) > 1 else ALLOWED[0]


@contextmanager
def pinned_to(core: int) -> Generator[None]:
    """Processes started inside inherit the core; this one is put back where it was."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)

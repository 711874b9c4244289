"""When a worker is to be replaced by a new one: after so many requests, so much time, or so much memory."""

import os
import random
import sys
import time

from segue.server.config import Recycling

__all__ = ["Lifetime"]


class Lifetime:
    """The limits of one worker, each a little less than what was set (see Recycling)."""

    def __init__(self, recycling: Recycling) -> None:
        share = 1 - random.random() * recycling.jitter  # noqa: S311 -- no secret
        self._requests = (
            None if recycling.max_requests is None else max(1, round(recycling.max_requests * share))
        )
        self._end = None if recycling.max_age is None else time.monotonic() + recycling.max_age * share
        self._memory = None if recycling.max_memory is None else recycling.max_memory * share

    def passed(self, requests: int) -> str | None:
        """Why, or None while it is not yet time."""
        if self._requests is not None and requests >= self._requests:
            return f"{requests} requests"
        if self._end is not None and time.monotonic() >= self._end:
            return "its age"
        if self._memory is not None and (size := _resident()) > self._memory:
            return f"{size // 2**20} MB of memory"
        return None


def _resident() -> int:
    """The bytes of memory that this process has now."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 -- each second: no Path
            pages = file.read().split()[1]
    except OSError:
        pages = b""
    if pages.isdigit():
        return int(pages) * os.sysconf("SC_PAGESIZE")
    import resource

    # Where there is no /proc: the most it ever had. Bytes on macOS, kilobytes elsewhere.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

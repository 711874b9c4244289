"""Expects a line in the log: it is there, or the test fails."""

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["expected_log"]


class _Looking(logging.Filter):
    def __init__(self, pattern: str, level: int) -> None:
        super().__init__()
        self._pattern = re.compile(pattern)
        self._level = level
        self.found: list[logging.LogRecord] = []
        self.seen: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        self.seen.append(f"{record.levelname} {message}")
        if record.levelno >= self._level and self._pattern.search(message):
            self.found.append(record)
            return False  # expected, so nobody has to read it
        return True


@contextmanager
def expected_log(
    logger: str | logging.Logger, pattern: str, *, level: int = logging.WARNING
) -> Generator[list[logging.LogRecord], None, None]:
    """Fails if the block does not log a message that ``pattern`` finds; what it finds is not shown.

        with expected_log("segue.errors", "films.show failed"):
            client.get("/films/7")

    ``logger``: the very one that logs, by name or itself. ``level``: records below it do not count. Gives the records.
    Raises AssertionError, which tells what was logged.
    """
    source = logging.getLogger(logger) if isinstance(logger, str) else logger
    looking = _Looking(pattern, level)
    source.addFilter(looking)
    before = source.level
    if not source.isEnabledFor(level):
        source.setLevel(level)
    try:
        yield looking.found
    finally:
        source.removeFilter(looking)
        source.setLevel(before)
    if not looking.found:
        told = "\n".join(looking.seen) or "nothing"
        raise AssertionError(f"{source.name} logged no message like {pattern!r}; it logged:\n{told}")

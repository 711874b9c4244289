"""Names of files with the hash of their content in them: ``site.8f14e45fceea167a.css``."""

import re

__all__ = ["hashed_name", "plain_name"]

_hashed = re.compile(
    r"(?P<before>(?:.*/)?[^/]+)\.(?P<version>[0-9a-f]{16})(?P<after>\.[^/]*)?\Z", re.DOTALL
).match


def hashed_name(path: str, version: str) -> str:
    """The path with the hash before its last ending."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    if not stem:  # no ending, or a name that begins with its only dot
        return f"{path}.{version}"
    return f"{folder}{slash}{stem}.{version}{dot}{ending}"


def plain_name(path: str) -> tuple[str, str] | None:
    """The path without a hash, and the hash; None for a path that has none."""
    found = _hashed(path)
    return None if found is None else (found["before"] + (found["after"] or ""), found["version"])

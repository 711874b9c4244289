"""The names of kept files: nobody can guess one, and none leads out of the storage."""

import posixpath
import re
import secrets

from segue.http.filenames import safe_join, secure_filename

__all__ = ["checked_name", "new_name"]

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # one case, as for file systems that know no other
_LENGTH = 20  # 100 bits
_LONGEST_STEM = 60
_suffix = re.compile(r"[a-z0-9]{1,10}").fullmatch


def new_name(filename: str, folder: str = "", *, suffix: str | None = None) -> str:
    """A name for a file that is to be kept: ``avatars/portrait-3k9m...png``.

    ``filename``: what it was called, which is only there to be recognised. ``suffix``: the true one, where it is known.
    """
    safe = secure_filename(filename.lower(), 200)
    stem, dot, end = safe.rpartition(".")
    if not dot or not _suffix(end):
        stem, end = safe, ""
    if suffix is not None:
        end = suffix
    stem = secure_filename(stem.replace(".", "_"), _LONGEST_STEM).strip("_-") or "file"
    token = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    name = f"{stem}-{token}" + (f".{end}" if end else "")
    return checked_name(posixpath.join(folder.strip("/"), name))


def checked_name(name: str) -> str:
    """``name``, if it can be that of a kept file. Raises ValueError."""
    if (
        not isinstance(name, str)
        or safe_join("/x", name) is None
        or not name
        or any(part.startswith(".") for part in name.split("/"))
    ):
        raise ValueError(
            f"{name!r:.200} is no name of a kept file: names are parts without '..' and dots in front, with '/' between"
        )
    return name

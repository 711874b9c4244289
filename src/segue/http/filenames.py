"""File names that come from outside or go there: made safe, joined to a folder, put in `Content-Disposition`.

Pure text: nothing here looks at a file system. Whoever opens what `safe_join` returns still has to mind links.
"""

import os
import re
import unicodedata
from typing import Protocol

__all__ = ["PathModule", "content_disposition", "safe_join", "secure_filename"]

_not_word = re.compile(r"[^\w.\-]+")
# Names of devices on Windows, whatever follows the first dot; the superscript digits count as digits there.
_device = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|CLOCK\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3])[ ]*(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_control = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_drops_on_windows = re.compile(r'[<>:"|?*]')
_plain_name = re.compile(r"[\x20-\x7e]*").fullmatch
# RFC 8187 attr-char: what stands for itself in filename*.
_ATTR = frozenset(b"!#$&+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class PathModule(Protocol):
    """What `safe_join` needs of `posixpath` or `ntpath`."""

    sep: str

    def join(self, path: str, /, *paths: str) -> str:
        """As `os.path.join`."""
        ...

    def normpath(self, path: str) -> str:
        """As `os.path.normpath`."""
        ...


def secure_filename(name: str, max_length: int = 255) -> str:
    r"""A name that can be given to a file on any system, from one that a client chose.

    ::

        secure_filename("../../etc/passwd")         # "passwd"
        secure_filename(r"C:\docs\my photo.jpg")    # "my_photo.jpg"
        secure_filename("CON.txt")                  # "_CON.txt"

    Only the base name stays. Letters and digits of every script, `.`, `-` and `_` are kept, a run of anything
    else becomes one `_`. A name never starts with a dot or a dash, never ends with a dot, is no device of
    Windows and never empty. Two names may become the same: choose your own to keep files apart.

    `max_length`: bytes in UTF-8, at least 16; the extension survives the cut if it is short.
    """
    if max_length < 16:
        raise ValueError("max_length is at least 16 bytes")
    # Cut first: normalising multiplies the length, and nothing behind this could stay anyway.
    base = name.replace("\\", "/").rpartition("/")[2][-4 * max_length :]
    base = unicodedata.normalize("NFC", base.encode("utf-8", "replace").decode("utf-8"))
    base = _not_word.sub("_", base).rstrip(".")
    if base.startswith((".", "-")):
        base = "_" + base[1:]
    if not base:
        base = "_"
    if _device(base):
        base = "_" + base
    return _cut(base, max_length)


def _cut(name: str, max_length: int) -> str:
    if len(name.encode("utf-8")) <= max_length:
        return name
    stem, dot, extension = name.rpartition(".")
    suffix = (dot + extension).encode("utf-8")
    if not stem or len(suffix) > max_length // 2:
        stem, suffix = name, b""
    kept = stem.encode("utf-8")[: max_length - len(suffix)].decode("utf-8", "ignore")
    return (kept + suffix.decode("utf-8")).rstrip(".")


def content_disposition(filename: str, inline: bool = False) -> str:
    """A `Content-Disposition` that offers a file by this name, or shows it (`inline`) (RFC 6266).

    ::

        content_disposition("report.pdf")       # 'attachment; filename="report.pdf"'
        content_disposition("naïve.txt")        # ... filename="na_ve.txt"; filename*=UTF-8''na%C3%AFve.txt

    A name that not every client reads alike is given twice: in ASCII for old ones, exactly for the others.
    Slashes, control characters and lone surrogates become `_` in both: the name comes from data, and no
    data may end the header or make an error of it.
    """
    kind = "inline" if inline else "attachment"
    name = _control.sub("_", filename.replace("/", "_").replace("\\", "_"))
    octets = name.encode("utf-8", "replace")
    # A percent sign is decoded by some browsers, a quote ends the name for others.
    plain = re.sub(r'[^\x20-\x7e]|["%]', "_", name)
    if plain == name and _plain_name(name):
        return f'{kind}; filename="{name}"'
    exact = "".join([chr(octet) if octet in _ATTR else f"%{octet:02X}" for octet in octets])
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}"


def safe_join(root: str, untrusted: str, pathmod: PathModule = os.path) -> str | None:
    """The path of a file below `root` for the decoded path of a URL; `None` when it is not surely below.

    ::

        safe_join("/srv/files", "css/site.css")      # "/srv/files/css/site.css"
        safe_join("/srv/files", "../secret")         # None

    `untrusted` is separated by `/`, without one at either end. Refused are: empty, `.` and `..` segments,
    backslashes, control characters, lone surrogates, more than 255 bytes in a segment or 4,096 in all. With
    the rules of Windows (`pathmod=ntpath`) also drives, streams (`:`), devices, wildcards, and segments that
    end with a dot or a space, which it would silently take away.
    """
    try:
        octets = untrusted.encode("utf-8")
    except UnicodeEncodeError:
        return None
    if len(octets) > 4096 or "\\" in untrusted or _control.search(untrusted):
        return None
    segments = untrusted.split("/") if untrusted else []
    on_windows = pathmod.sep == "\\"
    for segment in segments:
        if segment in ("", ".", "..") or len(segment.encode("utf-8")) > 255:
            return None
        if on_windows and (
            segment.endswith((".", " ")) or _drops_on_windows.search(segment) or _device(segment)
        ):
            return None
    base = pathmod.normpath(root)
    path = pathmod.normpath(pathmod.join(base, *segments))
    below = base if base.endswith(pathmod.sep) else base + pathmod.sep
    # The segments cannot leave the root; that the result lies below it is checked all the same.
    return path if path == base or path.startswith(below) else None

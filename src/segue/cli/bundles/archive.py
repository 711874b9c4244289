"""Writes a bundle: the same bytes for the same content."""

import hashlib
import os
import time
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from segue.cli.bundles.boot import MANIFEST, PACKAGES, PROJECT

__all__ = ["write_bundle"]

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.exit("This needs Python 3.11 or newer; it was started with " + sys.version.split()[0] + ".")

import _segue_bundle

_segue_bundle.main()
"""
_SHIM = '''\
"""Segue, in a bundle: what stands here unpacks it and makes way."""

import _segue_bundle

_segue_bundle.import_segue(__file__)
'''


def write_bundle(target: Path, content: Mapping[str, Path | bytes], manifest: dict[str, Any]) -> None:
    """Writes ``content`` with what starts it to ``target``.

    No time of this machine goes in, but that of ``SOURCE_DATE_EPOCH`` if it is set (reproducible-builds.org).
    """
    moment = _moment()
    held = {path: _bytes(one) for path, one in sorted(content.items())}
    told = {**manifest, "hash": {part: _hash(held, part) for part in (PROJECT, PACKAGES)}}
    first = {
        "__main__.py": _MAIN.encode(),
        "_segue_bundle.py": (files("segue.cli.bundles") / "boot.py").read_bytes(),
        "segue.py": _SHIM.encode(),
        MANIFEST: msgspec.json.format(msgspec.json.encode(told, order="sorted")) + b"\n",
    }
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(_SHEBANG)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
                for path, data in (first | held).items():
                    entry = zipfile.ZipInfo(path, moment)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.create_system = 3  # Unix, wherever it is written
                    entry.external_attr = 0o100644 << 16
                    archive.writestr(entry, data)
        partial.chmod(0o755)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _hash(held: Mapping[str, bytes], part: str) -> str:
    """The hash of all files of a part, names and all."""
    digest = hashlib.sha256()
    for path, data in held.items():
        if path.startswith(f"{part}/"):
            digest.update(f"{path}\0{len(data)}\0".encode())
            digest.update(data)
    return digest.hexdigest()


def _bytes(one: Path | bytes) -> bytes:
    return one if isinstance(one, bytes) else one.read_bytes()


def _moment() -> tuple[int, int, int, int, int, int]:
    """The time of all entries; a zip knows none before 1980."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    found = time.gmtime(int(seconds))[:6] if seconds.isdecimal() else (1980, 1, 1, 0, 0, 0)
    return max((1980, 1, 1, 0, 0, 0), found)

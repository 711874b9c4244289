"""Builds static files: copies with the hash of their content in their names, compressed ahead of time, and a manifest."""

import gzip
import importlib
import json
import os
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from segue.core.app import App
from segue.core.files.assets import MANIFEST
from segue.core.files.hashednames import hashed_name, plain_name
from segue.core.files.mediatypes import media_type
from segue.core.files.static import StaticFiles, hash_of
from segue.core.middleware.compression import shrinks
from segue.core.middleware.zstd import zstd_module

__all__ = ["Built", "build_assets"]

_references = re.compile(
    r"""(?P<open>url\(\s*|@import\s+(?=["'])|[#@]\s*sourceMappingURL=)(?P<quote>["']?)(?P<path>[^"')\s*;]+)(?P=quote)"""
)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_WORTH = 0.95  # of its size, that a compressed file has at most


class Built(NamedTuple):
    """What was built. ``files``: how many; ``missing``: files that style sheets refer to and that are not there."""

    files: int
    compressed: int
    missing: list[str]


def build_assets(app: App[Any], to: "str | os.PathLike[str]") -> Built:
    """Writes all static files of an app, and of those it includes, into the folder ``to``, for the plugin ``Assets``.

    Each is there under its own name, and under one with the hash of its content; style sheets refer to these. Beside those that
    shrink are ``.gz``, ``.br`` and ``.zst``. The manifest comes last, and files of earlier builds stay: pages from before
    still find theirs. Blocks.
    """
    return _Building(app, Path(to)).run()


class _Building:
    def __init__(self, app: App[Any], folder: Path) -> None:
        self._folder = folder
        # By the URL of a file: the files that it is of, and its path in them.
        self._sources: dict[str, tuple[StaticFiles, str]] = {}
        for name, routes in app.plan.routes.items():
            files = getattr(routes[0].endpoint.handler, "__self__", None)
            # A folder whose path has parameters, or that was built already, is no part of it.
            if isinstance(files, StaticFiles) and "{" not in routes[0].endpoint.path.partition("{path")[0]:
                if not (Path(files.root) / MANIFEST).is_file():
                    self._sources |= {app.url_for(name, path=path): (files, path) for path in files.names()}
        self._contents: dict[str, bytes] = {}
        self._begun: set[str] = set()
        self._missing: dict[str, None] = {}
        self._compressed = 0

    def run(self) -> Built:
        manifest = {}
        for url in sorted(self._sources):
            content = self._content(url)
            plain = unquote(url).lstrip("/")
            hashed = self._hashed(url)
            self._write(unquote(hashed).lstrip("/"), content)
            self._write(plain, content)
            manifest[url] = hashed.lstrip("/")
        text = json.dumps({"files": manifest}, indent=1, sort_keys=True)
        self._replace(self._folder / MANIFEST, text.encode())
        return Built(len(manifest), self._compressed, list(self._missing))

    def _content(self, url: str) -> bytes:
        """What is written for a file: a style sheet with the names of the files that it refers to."""
        found = self._contents.get(url)
        if found is None:
            self._begun.add(url)
            files, path = self._sources[url]
            found = files.read(path) or b""
            if media_type(path).startswith(("text/css", "text/javascript")):
                found = self._with_names(url, found)
            self._contents[url] = found
        return found

    def _hashed(self, url: str) -> str:
        """The URL with the hash of its content; one that has its hash already stays."""
        version = hash_of(self._content(url))
        known = plain_name(url)
        return url if known is not None and known[1] == version else hashed_name(url, version)

    def _with_names(self, url: str, content: bytes) -> bytes:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return content
        script = not media_type(url).startswith("text/css")

        def named(found: re.Match[str]) -> str:
            path = found["path"]
            bare, mark, rest = path.partition("?") if "?" in path else path.partition("#")
            if (script and "sourceMapping" not in found["open"]) or _ELSEWHERE.match(path) or not bare:
                return found[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(url), bare))
            if target not in self._sources:
                if "sourceMapping" not in found["open"]:
                    self._missing[f"{url.lstrip('/')} refers to {path}"] = None
                return found[0]
            if target in self._begun and target not in self._contents:  # two that refer to each other
                return found[0]
            name = posixpath.join(posixpath.dirname(bare), posixpath.basename(self._hashed(target)))
            return f"{found['open']}{found['quote']}{name}{mark}{rest}{found['quote']}"

        return _references.sub(named, text).encode()

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            self._replace(path, content)
        if shrinks(media_type(name)):
            for ending, compress in _compressors():
                packed = compress(content)
                sibling = path.with_name(path.name + ending)
                if len(packed) <= len(content) * _WORTH:
                    self._replace(sibling, packed)
                    self._compressed += 1
                else:
                    sibling.unlink(missing_ok=True)

    def _replace(self, path: Path, content: bytes) -> None:
        """Writes a file that nobody sees half of; a web server may read it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".building-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)


def _compressors() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """What compresses, small and slow, of what is installed."""
    yield ".gz", lambda content: gzip.compress(content, 9, mtime=0)
    try:
        brotli: Any = importlib.import_module("brotli")
    except ImportError:
        pass
    else:
        yield ".br", brotli.compress
    zstd = zstd_module()
    if zstd is not None:
        yield ".zst", lambda content: zstd.compress(content, 19)

"""A directory of files under a prefix of URLs."""

import copy
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeAlias, TypedDict, Unpack

import msgspec

from segue.core.files.hashednames import hashed_name, plain_name
from segue.core.files.openfiles import SIBLINGS, OpenFile, open_file
from segue.core.files.responses import FileOptions, codings, in_thread, respond_with
from segue.core.pages.assets import Overrides
from segue.core.settings.projectfolder import in_project
from segue.http.errors import MovedPermanently, NotFound
from segue.http.filenames import safe_join
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import encode_path_segment

__all__ = ["StaticFiles", "StaticOptions", "files_of", "hash_of"]

_YEAR = 31_536_000
_MOST_VERSIONS = 10_000
_MOST_HASHED = 64 * 1024 * 1024
_PIECE = 1024 * 1024


Versions: TypeAlias = Literal["query", "name"]


class StaticOptions(TypedDict, total=False):
    """The named arguments of ``app.static`` and ``app.frontend``: how a directory is served."""

    index: str | None
    """The file that stands for its directory (index.html); None for none."""
    listing: bool
    """A directory without an index is shown as a page of links (no)."""
    fallback: str | None
    """The file, relative to the directory, that answers where there is nothing (none)."""
    max_age: int | None
    """Seconds for which a cache need not ask again; None (default): it always asks, which costs a 304."""
    follow_links: bool
    """Symbolic links may lead out of the directory (no)."""
    hidden: bool
    """Names that begin with a dot are served (no; ``.well-known`` always is)."""
    precompressed: bool
    """``x.js.br``, ``.zst`` and ``.gz`` beside ``x.js`` go to who accepts them (yes)."""
    versions: Versions
    """Where ``static_url`` puts the hash of the content: ``"query"``, ``site.css?v=8f14...`` (so by default), or ``"name"``,
    ``site.8f14....css``."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """StaticOptions with all defaults filled in."""

    index: str | None = "index.html"
    listing: bool = False
    fallback: str | None = None
    max_age: int | None = None
    follow_links: bool = False
    hidden: bool = False
    precompressed: bool = True
    versions: Versions = "query"


class Entry(NamedTuple):
    """One line of a listing."""

    name: str
    is_directory: bool
    size: int
    modified: float


class StaticFiles:
    """Serves the files of a directory.

        files = StaticFiles("assets")
        response = await files.respond(request, "css/site.css")
        files.version("css/site.css")                            # "8f14e45fceea167a"

    What is not surely below the directory is a 404: dot segments, absolute paths, drives and devices of Windows, links
    that lead out. A URL with the current version, behind ``?v=`` or in the name, is cached for ever, as it changes with the content.

    Raises ValueError when there is no such directory.
    """

    def __init__(self, directory: str | os.PathLike[str], **options: Unpack[StaticOptions]) -> None:
        self.root = os.path.abspath(in_project(directory))  # noqa: PTH100 -- text, as safe_join takes it
        self.options = Settings(**options)
        if not Path(self.root).is_dir():
            raise ValueError(
                f"there is no directory {self.root} for static files. A relative path starts at the working "
                f'directory; Path(__file__).parent / "static" starts at the source file'
            )
        self._plain = FileOptions(max_age=self.options.max_age, precompressed=self.options.precompressed)
        self._versioned = FileOptions(max_age=_YEAR, immutable=True, precompressed=self.options.precompressed)
        #: What stands in for files, and the folders that these are in.
        self._overrides: Overrides | None = None
        self._roots: tuple[str, ...] = (self.root,)
        # By path: when it was changed, its size, and the hash of its content.
        self._versions: dict[str, tuple[int, int, str]] = {}

    def overridden(self, overrides: Overrides) -> Self:
        """The same files, but for those that others stand in for."""
        made = copy.copy(self)
        made._overrides = overrides
        made._roots = (self.root, *overrides.replacing(self.root))
        made._versions = {}
        return made

    def shows(self, other: "StaticFiles") -> bool:
        """Whether it is the same that is served: the files of one folder, in one way."""
        return (self.root, self._roots, self.options) == (other.root, other._roots, other.options)

    async def root_page(self, request: Request) -> Response:
        """The handler for the directory itself."""
        return await self.respond(request, "")

    async def below(self, request: Request, path: str) -> Response:
        """The handler for everything below it."""
        return await self.respond(request, path)

    async def respond(self, request: Request, path: str) -> Response:
        """The response for ``path``, as the path of a request below the prefix: decoded, without the first slash.

        Raises NotFound (404) and MovedPermanently (301, a directory without its slash).
        """
        accepted = codings(request) if self.options.precompressed else None
        version = request.query.get("v") if request.query_string else None
        found = await in_thread(self._find, path, accepted, version)
        if isinstance(found, tuple):
            opened, fresh = found
            return respond_with(request, opened, self._versioned if fresh else self._plain)
        if found == "directory":
            query = f"?{request.query_string}" if request.query_string else ""
            raise MovedPermanently(f"{_location(request)}/{query}")
        if isinstance(found, list):
            from segue.core.files.listing import listing_page

            return listing_page(path, found)
        raise NotFound

    def version(self, path: str) -> str:
        """A short hash of the content of a file: another content has another one.

        Raises ValueError when there is no such file: a page should not link to it.
        """
        full = self._locate(path)
        version = None if full is None else self._version(full)
        if version is None:
            raise ValueError(f"there is no file {path!r} in {self.root} to link to")
        return version

    def versioned(self, path: str) -> tuple[str, str | None]:
        """What a URL has for a file: its path, and its version where that is not in the path. Raises as :meth:`version`."""
        version = self.version(path)
        return (hashed_name(path, version), None) if self.options.versions == "name" else (path, version)

    def names(self) -> Iterator[str]:
        """The paths of all files that are served, but those that were compressed ahead of time. Blocks."""
        seen: set[str] = set()
        for root in self._roots:
            for folder, folders, files in os.walk(root, followlinks=self.options.follow_links):
                folders.sort()
                for file in sorted(files):
                    if file.endswith(tuple(SIBLINGS.values())) and file.rpartition(".")[0] in files:
                        continue
                    path = Path(folder, file).relative_to(root).as_posix()
                    full = None if path in seen else self._locate(path)
                    if full is not None and Path(full).is_file():
                        seen.add(path)
                        yield path

    def read(self, path: str) -> bytes | None:
        """The content of a file; None when there is no such file. Blocks."""
        full = self._locate(path)
        opened = None if full is None else self._open(full, None)
        if opened is None or opened.file is None:
            return None if opened is None else opened.content
        with opened.file as file:
            return file.read()

    # --- what follows blocks -------------------------------------------------------------------------------------

    def _find(
        self, path: str, accepted: str | None, version: str | None
    ) -> "tuple[OpenFile, bool] | str | list[Entry] | None":
        name = path.removesuffix("/")
        full = self._locate(_decoded(name))
        if full is not None:
            if Path(full).is_dir():
                found = self._find_directory(full, accepted, slash=not path or path != name)
                if found is not None:
                    return found
            elif path == name:
                found = self._find_file(name, full, accepted, version)
                if found is not None:
                    return found
        if self.options.fallback is not None:
            opened = self._open(os.path.join(self.root, self.options.fallback), accepted)  # noqa: PTH118 -- a str for the open that follows, on each request
            return None if opened is None else (opened, False)
        return None

    def _find_file(
        self, name: str, full: str, accepted: str | None, version: str | None
    ) -> tuple[OpenFile, bool] | None:
        """The file, and whether the URL has its version."""
        hashed = plain_name(name)
        if hashed is not None:
            version = hashed[1]
        opened = self._open(full, accepted)
        if opened is None and hashed is not None:
            # Who built nothing has no files of these names; one with an old hash is the present file.
            plain = self._locate(_decoded(hashed[0]))
            opened = None if plain is None else self._open(plain, accepted)
            full = plain or full
        if opened is None:
            return None
        # Anyone can ask for any version: a large file is not read through to find out.
        may_be = version is not None and (opened.size <= _MOST_HASHED or full in self._versions)
        return opened, may_be and self._version(full) == version

    def _find_directory(
        self, full: str, accepted: str | None, *, slash: bool
    ) -> "tuple[OpenFile, bool] | str | list[Entry] | None":
        index = self.options.index
        opened = None if index is None else self._open(os.path.join(full, index), accepted)  # noqa: PTH118 -- a str for the open that follows, on each request
        if opened is None and not self.options.listing:
            return None
        if not slash:
            if opened is not None:
                opened.close()
            return "directory"
        return (opened, False) if opened is not None else self._list(full)

    def _open(self, full: str, accepted: str | None) -> OpenFile | None:
        return open_file(full, accepted, None if self.options.follow_links else self._inside)

    def _locate(self, path: str) -> str | None:
        """The path in the file system, or None for one that may not be asked for."""
        if not self.options.hidden and any(
            name.startswith(".") and name != ".well-known" for name in path.split("/")
        ):
            return None
        full = safe_join(self.root, path)
        if full is None or not (self.options.follow_links or self._inside(full)):
            return None
        if self._overrides is not None:
            there = (one for one in self._overrides.candidates(full) if os.path.exists(one))  # noqa: PTH110 -- as text
            return next(there, full)
        return full

    def _inside(self, full: str) -> bool:
        """Whether the path is below the root once all links are resolved."""
        try:
            real = os.path.realpath(full)
            roots = [os.path.realpath(root) for root in self._roots]
        except (OSError, ValueError):
            return False
        return any(real == root or real.startswith(root.rstrip(os.sep) + os.sep) for root in roots)

    def _version(self, full: str) -> str | None:
        try:
            with open(full, "rb") as file:  # noqa: PTH123 -- as text
                facts = os.fstat(file.fileno())
                known = self._versions.get(full)
                if known is not None and known[:2] == (facts.st_mtime_ns, facts.st_size):
                    return known[2]
                content = _hash()
                while piece := file.read(_PIECE):
                    content.update(piece)
        except (OSError, ValueError):
            return None
        version = content.hexdigest()
        if len(self._versions) >= _MOST_VERSIONS:
            self._versions.clear()
        self._versions[full] = (facts.st_mtime_ns, facts.st_size, version)
        return version

    def _list(self, full: str) -> list[Entry]:
        entries: list[Entry] = []
        with os.scandir(full) as found:
            for one in found:
                if one.name.startswith(".") and not self.options.hidden:
                    continue
                if not self.options.follow_links and not self._inside(one.path):
                    continue
                try:
                    facts = one.stat()
                    entries.append(Entry(one.name, one.is_dir(), facts.st_size, facts.st_mtime))
                except OSError:  # a link to nowhere, or gone meanwhile
                    continue
        return sorted(entries, key=lambda entry: (not entry.is_directory, entry.name))


def _hash() -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=8)


def hash_of(content: bytes) -> str:
    """The version of a file with this content."""
    made = _hash()
    made.update(content)
    return made.hexdigest()


def files_of(handler: Any) -> StaticFiles:
    """The files behind the handler of a route that ``app.static`` made. Raises TypeError for another one."""
    files = getattr(handler, "__self__", None)
    if not isinstance(files, StaticFiles):
        raise TypeError(f"{handler!r} serves no directory: give the name that app.static was given")
    return files


def _decoded(path: str) -> str:
    """The names of files for the path of a request, which keeps ``%2F`` and ``%25`` (segue.http.url.decode_path)."""
    # No file has a slash in its name; NUL is what no path may have.
    return path.replace("%2F", "\0").replace("%25", "%") if "%" in path else path


def _location(request: Request) -> str:
    """The path of the request, written anew, so that it cannot be read as the URL of another host."""
    path = request.path.strip("/")
    segments = [encode_path_segment(segment.replace("%25", "%")) for segment in path.split("/")]
    return f"{request.prefix}/{'/'.join(segments)}"

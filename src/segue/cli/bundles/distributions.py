"""The installed distributions that an app needs: those that its project names or that it has loaded, and what these need."""

import importlib.metadata
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import msgspec

from segue.cli.bundles.project import BundleError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

__all__ = ["Distributions", "compiled", "loaded_names", "stated"]

#: What people name beside what their app needs.
_TOOLS = frozenset(["pip", "setuptools", "wheel", "pytest", "watchfiles", "ruff", "mypy", "basedpyright"])
#: The kits of Segue whose libraries are extras of another name, or of several.
_EXTRAS = {"observe": "obs"}
#: Compiled packages that Segue goes without.
_FASTER = frozenset(["httptools", "uvloop"])
#: Compiled modules that their packages go without; others have a module of Python beside them.
_OPTIONAL = frozenset(["markupsafe/_speedups", "websockets/speedups"])
#: Files of an installation that say something of this machine.
_OF_MACHINE = frozenset(
    ["RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"]
)


class _DirInfo(msgspec.Struct):
    editable: bool = False


class _DirectURL(msgspec.Struct):
    url: str
    dir_info: _DirInfo = msgspec.field(default_factory=_DirInfo)


def loaded_names(apart_from: Path) -> set[str]:
    """The distributions of all modules that this program has loaded, but for those in the folder ``apart_from``."""
    by_module = importlib.metadata.packages_distributions()
    found: set[str] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and not Path(file).is_relative_to(apart_from):
            found.update(by_module.get(name.partition(".")[0], ()))
    return {_canonical(one) for one in found} - _TOOLS


def stated(folder: Path) -> list["Requirement"]:
    """What the project in ``folder`` says that it needs: ``requirements.txt``, else ``pyproject.toml``. Raises BundleError."""
    file = folder / "requirements.txt"
    if file.is_file():
        lines = [line.partition(" #")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
        return _needed([line for line in lines if line and line[0] not in "#-"], file.name)
    file = folder / "pyproject.toml"
    if file.is_file():
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
        return _needed([str(line) for line in project.get("dependencies", ())], file.name)
    return []


def _needed(lines: Iterable[str], source: str) -> list["Requirement"]:
    found = [_requirement(line, source) for line in lines]
    return [one for one in found if _canonical(one.name) not in _TOOLS]


def _requirement(text: str, source: str) -> "Requirement":
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise BundleError(f"{source}: {text!r} is no requirement that can be read: {error}") from None


class Distributions:
    """What goes into a bundle of installed distributions, with all that they need.

    ``pure``: without what is compiled, wherever it is not needed.
    """

    def __init__(self, *, pure: bool = False) -> None:
        self.pure = pure
        self.found: dict[str, importlib.metadata.Distribution] = {}
        self._asked: set[tuple[str, str]] = set()

    def add(self, text: str, source: str) -> None:
        """Adds what a requirement asks for: ``segue[db]``. Raises BundleError when it is not installed."""
        self.require(_requirement(text, source), source)

    def require(self, asked: "Requirement", source: str, *, strictly: bool = True) -> None:
        """The same for a requirement that was read. Not ``strictly``: what is not installed is left out."""
        name = _canonical(asked.name)
        if asked.marker is not None and not asked.marker.evaluate():
            return
        for extra in ("", *sorted(asked.extras)):
            self._take(name, extra, source, strictly)

    def add_kits(self) -> None:
        """Adds the libraries of those kits of Segue that are loaded, as far as they are installed."""
        segue = importlib.metadata.distribution("segue")
        extras = set(segue.metadata.get_all("Provides-Extra") or ())
        kits = {name.split(".")[1] for name in sys.modules if name.startswith("segue.")}
        for extra in sorted({_EXTRAS.get(kit, kit) for kit in kits} & extras - {"dev"}):
            self._take("segue", extra, "segue", False)

    def _take(self, name: str, extra: str, source: str, strictly: bool) -> None:
        from packaging.requirements import Requirement

        if (name, extra) in self._asked or (self.pure and name in _FASTER):
            return
        self._asked.add((name, extra))
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if strictly:
                raise BundleError(
                    f"{source} asks for {name}, which is not installed here: a bundle is made of what is. Install it: pip install {name}"
                ) from None
            return
        self.found[name] = found
        for line in found.requires or ():
            one = Requirement(line)
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                for inner in ("", *sorted(one.extras)):
                    self._take(_canonical(one.name), inner, name, strictly)

    # --- their files ---------------------------------------------------------------------------------------------

    def files(self) -> dict[str, Path]:
        """All files, by their paths below a folder of packages."""
        found: dict[str, Path] = {}
        for _, one in sorted(self.found.items()):
            found.update(_editable(one) if _is_editable(one) else _installed(one))
        if self.pure:
            for path in [path for path in found if _goes_without(path, found)]:
                del found[path]
        return found


def compiled(paths: Iterable[str]) -> dict[str, list[str]]:
    """The compiled modules that nothing of Python stands in for, each with the endings that it is there with."""
    every = set(paths)
    found: dict[str, list[str]] = {}
    for path in sorted(every):
        if (ending := _ending(path)) and not _goes_without(path, every):
            found.setdefault(path.removesuffix(ending), []).append(ending)
    return found


def _ending(path: str) -> str:
    """``.cpython-311-x86_64-linux-gnu.so`` of a compiled module; empty for other files."""
    name = PurePosixPath(path).name
    if ".libs/" in path or not name.endswith((".so", ".pyd")) or name.startswith("lib"):
        return ""
    return name[name.index(".") :]


def _goes_without(path: str, every: Iterable[str]) -> bool:
    ending = _ending(path)
    if not ending:
        return False
    module = path.removesuffix(ending)
    return module in _OPTIONAL or module.split("/")[0] in _FASTER or f"{module}.py" in every


def _installed(one: importlib.metadata.Distribution) -> Iterator[tuple[str, Path]]:
    if one.files is None:
        raise BundleError(
            f"{one.name} does not say which files it has: it was not installed by pip or its like."
        )
    for file in one.files:
        path = file.as_posix()
        if path.startswith(("/", "../")) or "__pycache__" in path or path.endswith((".pyc", ".pth")):
            continue  # programs of the environment, and what belongs to it
        if path.partition("/")[0].endswith(".dist-info") and file.name in _OF_MACHINE:
            continue
        located = Path(str(one.locate_file(file)))
        if located.is_file():
            yield path, located


def _is_editable(one: importlib.metadata.Distribution) -> bool:
    text = one.read_text("direct_url.json")
    if text is None:
        return False
    return msgspec.json.decode(text, type=_DirectURL).dir_info.editable


def _editable(one: importlib.metadata.Distribution) -> Iterator[tuple[str, Path]]:
    """The files of a distribution that is installed as a link to its source: those of the modules that are loaded."""
    yield from _installed(one)
    source = Path(
        unquote(
            urlsplit(msgspec.json.decode(one.read_text("direct_url.json") or "", type=_DirectURL).url).path
        )
    )
    roots = {
        Path(file)
        for name, module in list(sys.modules.items())
        if "." not in name and (file := getattr(module, "__file__", None)) is not None
        if (name == "segue" if one.name == "segue" else _is_source(Path(file), source))
    }
    if not roots:
        raise BundleError(
            f"{one.name} is installed as a link to its source, and nothing of it is loaded: install it properly."
        )
    for root in sorted(roots):
        if root.name != "__init__.py":
            yield root.name, root
            continue
        for file in sorted(root.parent.rglob("*")):
            path = file.relative_to(root.parent.parent).as_posix()
            if file.is_file() and "__pycache__" not in path and not path.endswith(".pyc"):
                yield path, file


def _is_source(file: Path, folder: Path) -> bool:
    return file.is_relative_to(folder) and "site-packages" not in file.parts


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)

"""What a bundle begins with: it unpacks itself once, then runs the app, or lets `import segue` go on.

This file is copied into each bundle. There is no Segue yet when it runs, and no other package: it knows the standard library
alone.
"""

import contextlib
import importlib
import importlib.machinery
import json
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from typing import Any

__all__ = ["import_segue", "main"]

#: The file in a bundle that says what it is.
MANIFEST = "_segue_bundle.json"
#: What a bundle has for the program's own folder, and for that of the packages.
PROJECT, PACKAGES = "project", "site-packages"


def main() -> None:
    """`python site.pyz ...`: runs the command of Segue that is asked for, `serve` if none is."""
    bundle = os.path.abspath(sys.argv[0])
    manifest, project, packages = unpacked(bundle)
    _find_packages(bundle, packages)
    arguments = sys.argv[1:]
    script = f"python {os.path.basename(bundle)}"
    if manifest["app"] is not None:
        data, arguments = _data_folder(arguments, os.path.dirname(bundle))
        _begins_as(bundle, data, arguments)
        os.chdir(data)
        sys.path.insert(0, project)
        os.environ["SEGUE_PROJECT"] = project
        os.environ["SEGUE_APP"] = os.path.join(project, *manifest["app"].split("/"))
        if not arguments or (
            arguments[0].startswith("-") and arguments[0] not in ("--help", "--version", "--set")
        ):
            arguments.insert(0, "serve")
    else:
        _begins_as(bundle, None, arguments)
        sys.path.insert(0, os.getcwd())
    cli = importlib.import_module("segue.cli")
    cli.main(arguments, prog_name=script)


def import_segue(here: str) -> None:
    """`import segue` with a bundle on `sys.path`: unpacks it, and stands back for what is in it."""
    bundle = os.path.abspath(os.path.dirname(here))
    _find_packages(bundle, unpacked(bundle)[2])
    del sys.modules["segue"]
    importlib.import_module("segue")


def unpacked(bundle: str) -> tuple[dict[str, Any], str, str]:
    """What the bundle says of itself, and where its project and its packages are. Ends the program if it cannot be unpacked.

    Each is below a folder that is named by the hash of its content: bundles with the same packages share them, and their bytecode.
    """
    with zipfile.ZipFile(bundle) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        _check_python(manifest, os.path.basename(bundle))
        places = _caches(bundle)
        project = _part(archive, PROJECT, f"{manifest['name']}-{manifest['hash'][PROJECT][:20]}", places)
        packages = _part(archive, PACKAGES, f"packages-{manifest['hash'][PACKAGES][:20]}", places)
    return manifest, project, packages


def _part(archive: zipfile.ZipFile, part: str, name: str, places: list[str]) -> str:
    """A part of a bundle in the first of ``places`` where it is, or else where it can be unpacked."""
    for folder in [os.path.join(place, name) for place in places]:
        if _is_ours(folder):
            return os.path.join(folder, part)
    reasons = []
    for place in places:
        folder = os.path.join(place, name)
        try:
            _unpack(archive, f"{part}/", place, folder)
        except OSError as error:
            reasons.append(f"{place}: {error.strerror or error}")
        else:
            return os.path.join(folder, part)
    sys.exit(
        f"{archive.filename} cannot be unpacked, and Python reads compiled parts from folders only. Tried {'; '.join(reasons)}. "
        f"Set SEGUE_CACHE to a folder that this user may write."
    )


def _caches(bundle: str) -> list[str]:
    """The folders to unpack below, the first that works: one that was said, the user's own, one beside the bundle."""
    said = os.environ.get("SEGUE_CACHE")
    if said:
        return [os.path.abspath(said)]
    found = []
    home = os.path.expanduser("~")
    if os.path.isabs(home):
        found.append(os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "segue"))
    return [*found, os.path.join(os.path.dirname(bundle), ".segue-cache")]


def _is_ours(folder: str) -> bool:
    """Whether the folder is there, and nobody else could have put something into it."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    if hasattr(os, "getuid") and (found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o022):
        sys.exit(
            f"{folder} belongs to somebody else, or others may write into it: code from there is not run. Remove it, or set "
            f"SEGUE_CACHE to a folder of your own."
        )
    return True


def _unpack(archive: zipfile.ZipFile, prefix: str, place: str, folder: str) -> None:
    """Unpacks beside the folder and then renames: two that start at once do not see each other's halves."""
    os.makedirs(place, mode=0o700, exist_ok=True)
    begun = tempfile.mkdtemp(prefix=".unpacking-", dir=place)
    try:
        for entry in archive.infolist():
            if entry.filename.startswith(prefix):
                archive.extract(entry, begun)
        # Workers may run as another user than the one who starts them (--user): they read.
        os.chmod(begun, 0o755)  # noqa: S103 -- others may look, and not write
        try:
            os.rename(begun, folder)
        except OSError:
            if not _is_ours(folder):  # else somebody was faster
                raise
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _check_python(manifest: dict[str, Any], name: str) -> None:
    """Ends the program if this Python is too old, or another one than the compiled parts are for."""
    suffixes = importlib.machinery.EXTENSION_SUFFIXES
    missing = sorted(
        module
        for module, endings in manifest["compiled"].items()
        if not any(ending in suffixes for ending in endings)
    )
    if missing:
        made = sorted({ending for module in missing for ending in manifest["compiled"][module]})
        sys.exit(
            f"{name} has compiled parts ({', '.join(missing[:5])}) for {', '.join(made)}, and this Python loads {suffixes[0]}. Run it "
            f"with the Python that it was made for ({manifest['python']}), or make it with --wheels for this one."
        )


def _find_packages(bundle: str, packages: str) -> None:
    """Puts the folder of packages where the bundle stood on `sys.path`."""
    places = [index for index, one in enumerate(sys.path) if os.path.abspath(one or ".") == bundle]
    sys.path[:] = [one for index, one in enumerate(sys.path) if index not in places]
    sys.path.insert(places[0] if places else 0, packages)
    importlib.invalidate_caches()


def _data_folder(arguments: list[str], default: str) -> tuple[str, list[str]]:
    """Where the database and other files are that the app writes: `--data FOLDER`, `SEGUE_DATA`, or beside the bundle."""
    data = os.environ.get("SEGUE_DATA") or default
    if arguments and arguments[0] == "--data":
        if len(arguments) == 1:
            sys.exit("--data needs a folder.")
        data, arguments = arguments[1], arguments[2:]
    elif arguments and arguments[0].startswith("--data="):
        data, arguments = arguments[0].partition("=")[2], arguments[1:]
    data = os.path.abspath(data)
    if not os.path.isdir(data):
        sys.exit(f"--data: there is no folder {data}. Make it first.")
    return data, list(arguments)


def _begins_as(bundle: str, data: str | None, arguments: list[str]) -> None:
    """Says in `sys.orig_argv` how this program is begun again, from any folder."""
    with contextlib.suppress(ValueError):
        where = sys.orig_argv.index(sys.argv[0])
        told = [] if data is None else ["--data", data]
        sys.orig_argv[where:] = [bundle, *told, *arguments]

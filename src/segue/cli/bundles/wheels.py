"""Compiled modules for other systems and Pythons, out of wheels that lie in a folder."""

import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution
from pathlib import Path

from segue.cli.bundles.project import BundleError

__all__ = ["from_wheels"]


def from_wheels(folder: Path, distributions: Mapping[str, Distribution]) -> Iterator[tuple[str, bytes]]:
    """The compiled modules in the wheels of ``folder``, of those distributions that a bundle has, by their paths.

    Modules for different systems have different endings, and so are beside each other. Raises BundleError for a wheel of
    another version, and where two wheels have different files of one name.
    """
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    found: dict[str, tuple[str, bytes]] = {}
    for wheel in sorted(folder.glob("*.whl")):
        try:
            name, version, *_ = parse_wheel_filename(wheel.name)
        except InvalidWheelFilename as error:
            raise BundleError(str(error)) from None
        here = distributions.get(name)
        if here is None:
            continue
        if str(version) != here.version:
            raise BundleError(
                f"{wheel.name} is not of the version that is installed here, {here.version}, and that goes into the bundle."
            )
        with zipfile.ZipFile(wheel) as archive:
            for path in sorted(archive.namelist()):
                if not path.endswith((".so", ".pyd", ".dylib")) and ".libs/" not in path:
                    continue
                content = archive.read(path)
                other = found.setdefault(path, (wheel.name, content))
                if other[1] != content:
                    raise BundleError(
                        f"{path} is in {other[0]} and in {wheel.name}, and not the same: a bundle can serve one of the two systems. "
                        f"Take one of the wheels away."
                    )
    yield from ((path, content) for path, (_, content) in found.items())

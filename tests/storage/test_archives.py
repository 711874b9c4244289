"""Modes of what is written, and archives that want out."""

from __future__ import annotations

import asyncio
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.storage import FileRefused, Storage, unpack


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    made.seek(0)
    return made


def tarred(*members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:  # type: ignore[call-overload] # the modes are texts
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    made.seek(0)
    return made


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, target, 0o777
    return made


def modes(folder: Path) -> dict[str, int]:
    return {
        str(one.relative_to(folder)): stat.S_IMODE(one.stat().st_mode) for one in sorted(folder.rglob("*"))
    }


@pytest.mark.row("SEC-85")
def test_files_and_folders_are_for_this_user_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    storage = Storage(tmp_path / "media")
    kept = asyncio.run(storage.save(b"x", folder="a/b"))
    assert stat.S_IMODE((tmp_path / "media").stat().st_mode) == 0o700
    assert modes(tmp_path / "media") == {"a": 0o700, "a/b": 0o700, kept.name: 0o600}
    open_to_all = zipfile.ZipInfo("c/d.txt")
    open_to_all.external_attr = 0o100777 << 16
    for number, archive in enumerate((zipped((open_to_all, b"x")), tarred((member("c/d.txt"), b"x")))):
        made = unpack(archive, tmp_path / str(number))
        assert [one.read_bytes() for one in made] == [b"x"]
        assert stat.S_IMODE((tmp_path / str(number)).stat().st_mode) == 0o700
        assert modes(tmp_path / str(number)) == {"c": 0o700, "c/d.txt": 0o600}


OUTSIDE = [
    "../x",
    "a/../../x",
    "/etc/x",
    "..",
    "a\\..\\x",
    "../films-private/x",
    "x\0y",
    "a/./../../x",
    "a//b",
]


@pytest.mark.row("SEC-85")
@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_in_an_archive_leaves_its_folder(tmp_path: Path, name: str) -> None:
    # A folder beside it whose name begins alike.
    (tmp_path / "films-private").mkdir()
    archives = [tarred((member("good.txt"), b"x"), (member(name), b"evil"))]
    if "\0" not in name:  # the module that writes ZIP files cuts names there
        archives.append(zipped(("good.txt", b"x"), (name, b"evil")))
    before = sorted(tmp_path.rglob("*"))
    for archive in archives:
        try:
            made = unpack(archive, tmp_path / "films")
        except FileRefused:
            assert sorted(tmp_path.rglob("*")) == before
        else:  # what writes TAR files has taken the beginning of the name away
            folder = (tmp_path / "films").resolve()
            assert all(one.resolve().is_relative_to(folder) for one in made)
            assert "\0" in name
            for one in sorted(folder.rglob("*"), reverse=True):
                one.unlink()
            folder.rmdir()


@pytest.mark.row("SEC-85")
def test_links_devices_and_two_of_one_name_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    refused = [
        zipped(("a.txt", b"x"), (link, b"/etc")),
        zipped(("a.txt", b"x"), ("A.TXT", b"y")),
        zipped(("a", b"x"), ("a/b", b"y")),
        tarred((member("a.txt"), b"x"), (member("link", tarfile.SYMTYPE, "/etc"), b"")),
        tarred((member("link", tarfile.SYMTYPE, "."), b""), (member("link/a.txt"), b"x")),
        tarred((member("hard", tarfile.LNKTYPE, "../films.db"), b"")),
        tarred((member("null", tarfile.CHRTYPE), b"")),
        tarred((member("pipe", tarfile.FIFOTYPE), b"")),
        io.BytesIO(b"no archive"),
        io.BytesIO(b""),
        io.BytesIO(zipped(("a.txt", b"x" * 5000)).getvalue()[:-40]),
    ]
    for archive in refused:
        with pytest.raises(FileRefused):
            unpack(archive, tmp_path / "films")
        assert list(tmp_path.iterdir()) == []


def test_an_archive_has_its_limits_whatever_it_says(tmp_path: Path) -> None:
    many = zipped(*[(f"{n}.txt", b"") for n in range(101)])
    with pytest.raises(FileRefused, match="more than 100 files"):
        unpack(many, tmp_path / "a", max_files=100)
    large = b"\0" * 20_000_000
    for archive in (zipped(("a.bin", large)), tarred((member("a.bin"), large))):
        assert len(archive.getvalue()) < 100_000
        with pytest.raises(FileRefused, match="more than 1,000,000 bytes"):
            unpack(archive, tmp_path / "a", max_size=1_000_000)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(FileExistsError):
        unpack(zipped(("a.txt", b"x")), tmp_path / "there")
    assert len(unpack(many, tmp_path / "all")) == 101

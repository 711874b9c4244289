import asyncio
import errno
import io
import os
import stat
import tempfile
from pathlib import Path

import pytest

from segue.http.errors import InsufficientStorage
from segue.http.multidict import MultiDict
from segue.http.uploads import BATCH, Spool, UploadFile


def spooled(data: bytes, piece: int, offload, memory_size: int = 100_000) -> tuple[io.BufferedIOBase, Spool]:
    async def run():
        spool = Spool(memory_size)
        try:
            for at in range(0, len(data), piece):
                if spool.add(data[at : at + piece]):
                    await spool.flush(offload)
            return await spool.finish(offload), spool
        except BaseException:
            spool.close()
            raise

    return asyncio.run(run())


def upload(data: bytes, offload, name: str = "a.txt") -> UploadFile:
    return UploadFile(
        io.BytesIO(data),
        size=len(data),
        raw_filename=name,
        content_type="text/plain",
        headers=MultiDict(),
        offload=offload,
    )


@pytest.mark.row("DJ-26")
@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_small_file_stays_in_memory(inline, size: int) -> None:
    file, _ = spooled(b"x" * size, 1000, inline)
    assert isinstance(file, io.BytesIO)
    assert file.read() == b"x" * size


@pytest.mark.row("DJ-26")
@pytest.mark.parametrize("size", [100_001, BATCH, BATCH + 1, 1_000_000])
@pytest.mark.parametrize("piece", [999, 65_536, 1_000_000])
def test_a_large_file_is_on_disk(inline, size: int, piece: int) -> None:
    data = os.urandom(size)
    file, spool = spooled(data, piece, inline)
    with file:
        assert not isinstance(file, io.BytesIO)
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077 == 0
        assert file.read() == data
        assert spool.size == size


def test_it_is_written_in_large_batches() -> None:
    written: list[int] = []

    async def offload(function, *args):
        written.append(sum(map(len, args[0])))
        return function(*args)

    file, _ = spooled(b"x" * 10_000_000, 65_536, offload)
    file.close()
    assert sum(written) == 10_000_000
    assert all(size >= BATCH for size in written[:-1])


def test_it_goes_to_disk_only_through_offload() -> None:
    async def offload(function, *args):
        raise RuntimeError("offloaded")

    with pytest.raises(RuntimeError, match="offloaded"):
        spooled(b"x" * 1_000_000, 65_536, offload)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_while_spooling_is_507(monkeypatch, inline, number: int) -> None:
    class Full(io.BytesIO):
        def flush(self) -> None:
            raise OSError(number, "no room")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(InsufficientStorage) as caught:
        spooled(b"x" * 1_000_000, 65_536, inline)
    assert caught.value.status == 507
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is absent")
def test_a_disk_that_is_really_full_is_507(monkeypatch, inline) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as raw:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: io.BufferedWriter(raw))
        with pytest.raises(InsufficientStorage):
            spooled(b"x" * 1_000_000, 65_536, inline)


def test_other_errors_stay_what_they_are(monkeypatch, inline) -> None:
    def broken() -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(tempfile, "TemporaryFile", broken)
    with pytest.raises(OSError, match="broken"):
        spooled(b"x" * 1_000_000, 65_536, inline)


def test_a_spool_that_was_closed_while_it_wrote_leaves_no_file_open() -> None:
    async def run() -> Spool:
        spool = Spool(10)

        async def offload(function, *args):
            spool.close()  # the request was cancelled while the thread was on its way
            return function(*args)

        spool.add(b"x" * 100)
        await spool.flush(offload)
        return spool

    asyncio.run(run())  # an open file would be reported as a ResourceWarning, which is an error here


def test_an_upload(inline) -> None:
    file = upload(b"hello", inline, "../../etc/passwd")
    assert file.filename == "passwd"
    assert file.raw_filename == "../../etc/passwd"
    assert file.read(2) == b"he"
    assert file.read() == b"llo"
    file.seek(0)
    assert file.read() == b"hello"
    assert repr(file) == "<UploadFile 'passwd' text/plain 5 bytes>"
    file.close()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read()


def test_it_is_saved_whole_private_and_under_its_safe_name(tmp_path: Path, inline) -> None:
    file = upload(b"hello", inline, "..\\evil.txt")
    file.seek(3)
    before = os.umask(0)
    try:
        saved = asyncio.run(file.save(tmp_path))
    finally:
        os.umask(before)
    assert saved == tmp_path / "evil.txt"
    assert saved.read_bytes() == b"hello"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert file.read() == b"lo"
    assert asyncio.run(upload(b"new", inline).save(saved)) == saved
    assert saved.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["evil.txt"]


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, InsufficientStorage), (errno.EIO, OSError)])
def test_what_fails_to_be_saved_leaves_what_was_there(
    tmp_path: Path, inline, number: int, kind: type[Exception]
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(number, "broken")

    target = tmp_path / "a.txt"
    target.write_bytes(b"old")
    file = upload(b"", inline)
    file.file = Broken(b"new")
    with pytest.raises(kind):
        asyncio.run(file.save(target))
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]

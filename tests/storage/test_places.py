"""What every place for files does alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segue.http import ContentTooLarge
from segue.storage import Storage

HOSTILE = [
    "../etc/passwd",
    "..\\windows\\system.ini",
    "C:\\x.txt",
    "a.txt::$DATA",
    "nul\0name.txt",
    ".",
    "",
    "x" * 300 + ".txt",
    "/absolute",
    "-rf",
    ".htaccess",
    "con.txt",
    "a/../../b",
    "\u202egnp.exe",
]


@pytest.mark.row("DJ-26")
def test_a_file_is_kept_read_listed_and_forgotten(storage: Storage) -> None:
    async def main() -> None:
        kept = await storage.save(b"Nuages" * 100, folder="notes/may", filename="My Notes.TXT")
        assert kept.name.startswith("notes/may/my_notes-")
        assert kept.name.endswith(".txt")
        assert (kept.size, kept.content_type) == (600, "text/plain; charset=utf-8")
        assert await storage.read(kept.name) == b"Nuages" * 100
        assert b"".join([piece async for piece in storage.stream(kept.name, 3, 9)]) == b"gesNua"
        assert b"".join([piece async for piece in storage.stream(kept.name, 597)]) == b"ges"
        assert b"".join([piece async for piece in storage.stream(kept.name, 5, 5)]) == b""
        assert (await storage.facts(kept.name)).size == 600
        assert await storage.exists(kept.name)
        other = await storage.save(b"", folder="notes", filename="empty")
        assert await storage.read(other.name) == b""
        assert {one.name async for one in storage.names()} == {kept.name, other.name}
        assert [one.name async for one in storage.names("notes/may")] == [kept.name]
        await storage.delete(kept.name)
        await storage.delete(kept.name)
        assert not await storage.exists(kept.name)
        with pytest.raises(FileNotFoundError):
            await storage.read(kept.name)
        with pytest.raises(FileNotFoundError):
            await storage.facts(kept.name)
        await storage.close()

    asyncio.run(main())


def test_pieces_are_written_as_they_come_and_what_fails_leaves_nothing(storage: Storage) -> None:
    async def main() -> None:
        large = b"0123456789abcdef" * 4096

        async def pieces(fails: bool) -> AsyncIterator[bytes]:
            for _ in range(100):
                yield large
            if fails:
                raise ConnectionResetError("the client has gone")

        kept = await storage.save(pieces(False), filename="large.bin")
        assert kept.size == len(large) * 100
        assert await storage.read(kept.name) == large * 100
        with pytest.raises(ConnectionResetError, match="the client has gone"):
            await storage.save(pieces(True), filename="broken.bin")
        storage.max_size = len(large) * 99
        with pytest.raises(ContentTooLarge, match="6,488,064 bytes"):
            await storage.save(pieces(False), filename="toolarge.bin")
        assert [one.name async for one in storage.names()] == [kept.name]
        with pytest.raises(ContentTooLarge):
            await storage.read(kept.name, limit=1000)
        await storage.close()

    asyncio.run(main())


@pytest.mark.row("SEC-31")
def test_no_name_leads_out_or_is_taken_as_it_came(storage: Storage) -> None:
    async def main() -> None:
        names = [(await storage.save(b"x", folder="up", filename=name)).name for name in HOSTILE]
        assert len(set(names)) == len(HOSTILE)
        for name in names:
            folder, _, base = name.partition("/")
            assert folder == "up"
            assert "/" not in base
            assert "\\" not in base
            assert ".." not in base
            assert not base.startswith((".", "-"))
            assert len(base.encode()) <= 255
            assert all(char.isalnum() or char in "._-" for char in base)
        assert {one.name async for one in storage.names("up")} == set(names)
        for name in [*HOSTILE[:4], "a/../../b", "/absolute", ".htaccess", "a//b", "", "a/.ssh/b"]:
            if (
                name == "a.txt::$DATA"
            ):  # a file system of Unix takes it; it is never made of what a client says
                continue
            for use in (storage.read, storage.facts, storage.delete):
                with pytest.raises(ValueError, match="no name of a kept file"):
                    await use(name)
            with pytest.raises(ValueError, match="no name of a kept file"):
                await storage.put(name, b"x")
        with pytest.raises(ValueError, match="no name of a kept file"):
            await storage.save(b"x", folder="../up", filename="x.txt")
        await storage.close()

    asyncio.run(main())


def test_two_files_of_one_name_are_two_files(storage: Storage) -> None:
    async def main() -> None:
        kept = await asyncio.gather(*[storage.save(b"%d" % n, filename="a.txt") for n in range(20)])
        assert len({one.name for one in kept}) == 20
        assert [await storage.read(one.name) for one in kept] == [b"%d" % n for n in range(20)]
        put = await storage.put("settings/logo.png", b"old")
        await storage.put("settings/logo.png", b"new")
        assert await storage.read(put.name) == b"new"
        await storage.close()

    asyncio.run(main())


def test_a_path_is_kept_too_and_what_is_no_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "poster.txt").write_text("a poster")
    storage = Storage("memory:")
    kept = asyncio.run(storage.save(tmp_path / "poster.txt"))
    assert kept.name.startswith("poster-")
    assert kept.size == 8
    with pytest.raises(ValueError, match=r"there are folders, s3://bucket/prefix and memory:"):
        Storage("ftp://films")
    with pytest.raises(ValueError, match="has no options, but these were given: region"):
        Storage("media", region="eu")

"""A disk that is full while an upload is spooled to it: 507, the cause in the log, and the server lives."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig.child import child
from rig.client import exchange, replies
from rig.forms import field, multipart, post, upload

PROGRAMS = str(Path(__file__).parent / "rig" / "programs.py")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB. Only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.row("U22")
def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with child(PROGRAMS, "full_disk", log, TMPDIR=str(small_disk)) as server:
        body = multipart(upload("picture", b"a.png", b"x" * 5_000_000))
        received = exchange(server.address, [post("/spool", body)])
        [reply] = replies(received)
        assert reply.status == 507
        assert b"Traceback" not in received
        said = log.read_text()
        assert "No space left on device" in said, "the log has the cause"
        # What was written is gone, and what fits is taken.
        small = multipart(upload("picture", b"a.png", b"x" * 1_500_000))
        for _ in range(3):
            [reply] = replies(exchange(server.address, [post("/spool", small)]))
            assert reply.status == 200
        [reply] = replies(exchange(server.address, [post("/form", multipart(field("a", b"b")))]))
        assert reply.status == 200
        assert list(small_disk.iterdir()) == []

"""Places for files, each empty, and a server that speaks as S3 does."""

from __future__ import annotations

import asyncio
import socket
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.storage import Storage

sys.path.insert(0, str(Path(__file__).parent))

from local_s3 import KEYS


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a local S3."""
    moto = pytest.importorskip("moto.server")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = moto.ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str) -> str:
    """The name of an empty bucket."""
    import urllib.request

    name = f"films-{uuid.uuid4().hex[:12]}"
    asked = urllib.request.Request(f"{s3}/{name}", method="PUT")
    urllib.request.urlopen(asked).close()
    return name


@pytest.fixture(
    params=["folder", "memory", pytest.param("s3", marks=pytest.mark.requires("moto", "obstore"))]
)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """A storage at each place in turn."""
    if request.param == "folder":
        return Storage(tmp_path / "media")
    if request.param == "memory":
        return Storage("memory:")
    bucket = request.getfixturevalue("bucket")
    return Storage(f"s3://{bucket}/below", endpoint=request.getfixturevalue("s3"), **KEYS)


@pytest.fixture
def run() -> Callable[[Any], Any]:
    """Runs a coroutine to its end."""
    return asyncio.run

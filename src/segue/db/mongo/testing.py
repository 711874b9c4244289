"""A server for tests: MongoDB's protocol over memory, without MongoDB."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["in_memory"]


@contextmanager
def in_memory(*, timeout: float = 20.0) -> Generator[str]:
    """A block with a server whose documents are in memory, and gone at its end; gives its URL.

        @pytest.fixture(scope="session")
        def mongo() -> Iterator[str]:
            with in_memory() as url:
                yield url

    It is ``nx-27017``, which understands most of MongoDB: ``pip install nx-27017``. Raises LookupError where that is not installed, TimeoutError if it
    does not answer.
    """
    beside = Path(sys.executable).parent / "nx-27017"
    program = str(beside) if beside.exists() else shutil.which("nx-27017")
    if program is None:
        raise LookupError("there is no nx-27017, which stands for MongoDB in tests: pip install nx-27017")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 -- the program that is asked for
        [program, "--db", "memory", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + timeout
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise TimeoutError(f"{program} does not answer on port {port}")
            time.sleep(0.05)
        yield f"mongodb://127.0.0.1:{port}/test"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""A PostgreSQL server of a test's own, which the test may stop."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Self


def binaries() -> Path | None:
    """The folder of `pg_ctl` and `initdb`: on the path, or where Debian keeps them."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


class Cluster:
    """`with Cluster() as cluster:` runs a server on a port of its own, at `cluster.url`. Raises LookupError where it cannot.

    `prepared`: how many transactions it may keep prepared.
    """

    def __init__(self, *, prepared: int = 0) -> None:
        self._prepared = prepared
        folder = binaries()
        if folder is None:
            raise LookupError("there is no pg_ctl")
        self._binaries = folder
        # PostgreSQL does not run as root.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="segue-cluster-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        try:
            self._run("initdb", "-A", "trust", "-U", "postgres", "-N", "--no-instructions", "-E", "UTF8")
            self.control("start")
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.control("stop", "-m", "immediate")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def control(self, what: str, *more: str) -> None:
        """`pg_ctl what`, which returns when it is done."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c max_connections=20 -c max_prepared_transactions={self._prepared}"
        log = str(self._folder / "log")
        self._run(
            "pg_ctl", what, "-w", "-l", log, *(("-o", options) if what in ("start", "restart") else ()), *more
        )

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._binaries / program), "-D", str(self._folder / "data"), *arguments],
            check=True,
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )

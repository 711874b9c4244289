"""A server in a process of its own: `python child.py FILE ATTRIBUTE [KEY=VALUE limits]` prints its port and serves."""

import importlib.util
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import psutil

HERE = Path(__file__).resolve()


class Child:
    """A running child: its address, its memory, and what it wrote to standard error."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, log: Path) -> None:
        self.process = process
        self.address = ("127.0.0.1", port)
        self.log = log

    def resident(self) -> int:
        """Bytes of memory now."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def peak(self) -> int:
        """Bytes of memory at most, so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmHWM")


@contextmanager
def child(
    file: str, attribute: str, log: Path, *options: str, flags: tuple[str, ...] = (), **env: str
) -> Iterator[Child]:
    """Serves what `attribute` of `file` makes; `options` are limits, such as `keep_alive=300`."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *flags, str(HERE), file, attribute, *options],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        )
    try:
        if process.stdout is None or not (line := process.stdout.readline()):
            raise RuntimeError(f"the child did not start: {log.read_text()}")
        yield Child(process, int(line), log)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("served", file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    from rig.server import serving
    from segue.server.limits import Limits

    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    application = getattr(_load(sys.argv[1]), sys.argv[2])()
    limits = Limits(**{name: float(value) for name, value in (one.split("=") for one in sys.argv[3:])})
    with serving(application, limits) as server:
        print(server.port, flush=True)
        while True:
            time.sleep(60)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    main()

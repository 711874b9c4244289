"""What is done on another machine, by the ``ssh`` of the system: with its configuration, keys, agent and jump hosts."""

import shlex
import subprocess
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from segue.cli.deploying.targets import DeployError, Target

__all__ = ["Host"]

#: What `ssh` itself ends with when it cannot connect.
_NO_CONNECTION = 255


class Host:
    """The machine of a target."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def send(self, file: Path, to: str) -> None:
        """Copies a file there; it has its name once it is whole. Raises DeployError."""
        folder = to.rpartition("/")[0]
        partial = f"{to}.partial"
        command = f"mkdir -p {shlex.quote(folder)} && cat > {shlex.quote(partial)} && mv {shlex.quote(partial)} {shlex.quote(to)}"
        with file.open("rb") as content:
            self._run(command, stdin=content)

    def call(self, what: str, given: Mapping[str, Any]) -> int:
        """Runs a function of ``remote.py`` there, whose lines are shown as they come; returns its exit code."""
        program = (files("segue.cli.deploying") / "remote.py").read_text(encoding="utf-8")
        told = msgspec.json.encode({"do": what, **given}).decode()
        program += f"\n\nsys.exit(main({told!r}))\n"
        return self._run(f"exec {self.target.python} -I -", input=program.encode())

    def _run(self, command: str, **given: Any) -> int:
        words = ["ssh", "-o", "BatchMode=yes", *self.target.ssh, "--", self.target.host, command]
        try:
            done = subprocess.run(words, check=False, **given)  # noqa: S603 -- no shell here; paths are quoted for the one there
        except FileNotFoundError:
            raise DeployError("There is no ssh on this machine. Install OpenSSH's client.") from None
        if done.returncode == _NO_CONNECTION:
            raise DeployError(f"ssh does not reach {self.target.host}: try `ssh {self.target.host}`.")
        if done.returncode == 127 or (done.returncode and "input" not in given):
            raise DeployError(f"{self.target.host} cannot run: {command}")
        return done.returncode

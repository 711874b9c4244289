"""The commands that README and CI rely on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

TARGETS = ["demo", "test", "check", "bench", "docs", "features", "clean"]


@pytest.mark.requires("make")
def test_make_alone_lists_the_commands(root: Path) -> None:
    done = subprocess.run(["make"], cwd=root, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("make ")]
    assert [target for target in TARGETS if target not in listed] == []


@pytest.mark.requires("bash")
def test_the_gate_is_a_program_that_bash_understands(root: Path) -> None:
    gate = root / ".ci" / "run"
    assert gate.stat().st_mode & 0o100
    assert subprocess.run(["bash", "-n", str(gate)]).returncode == 0

"""Commands that move no code work where what moves code is not installed."""

from __future__ import annotations

import subprocess
import sys


def test_the_command_starts_without_libcst() -> None:
    run = "import sys; sys.modules['libcst'] = None\nfrom segue.cli.group import main\nmain(['key'])"
    told = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert len(told.stdout.strip()) > 40

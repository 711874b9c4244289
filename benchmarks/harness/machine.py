"""What the figures were taken on, in words that name no host and no path."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from harness.cores import load_core, server_core


def describe_machine() -> dict[str, str]:
    cores = len(os.sched_getaffinity(0))
    placed = (
        "server and load share one core" if server_core() == load_core() else "server on one, load on another"
    )
    return {
        "processor": _processor(),
        "cores": f"{cores} ({placed})",
        "memory": f"{_memory_gib()} GiB",
        "kernel": "Linux " + ".".join(platform.release().split("-")[0].split(".")[:2]),
        "python": f"{platform.python_implementation()} {platform.python_version()}, {_build()}",
    }


def installed_versions(distributions: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _build() -> str:
    """Profile-guided optimisation makes Python code a tenth to a third faster; C servers do not notice."""
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    return f"configured {'with' if optimised else 'without'} --enable-optimizations"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return name[1].strip() if name else platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)

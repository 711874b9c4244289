"""Loads examples."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name: str, file: str = "") -> ModuleType:
    """An example, loaded anew under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / (file or f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module

"""The module that packs and unpacks zstd (RFC 8878): that of Python 3.14, or the package ``backports.zstd``."""

import importlib
from typing import Any

__all__ = ["zstd_module"]


def zstd_module() -> Any:
    """The module, or None where there is none."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            pass
    return None

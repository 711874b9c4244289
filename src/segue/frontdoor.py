"""A package whose names are imported when they are first asked for."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["opened_late"]


def opened_late(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package (PEP 562): each module is loaded with the first of its names that somebody asks for.

        __getattr__ = opened_late(__name__, {"Workbook": "workbook"})

    So an app that writes CSV never loads the parser of XML, and what needs a library needs it only where it is used.
    ``places``: in which module of the package each name is.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 -- what Python calls
        if name in places:
            return getattr(importlib.import_module(f"{package}.{places[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return __getattr__

"""What a user's module does in the processes that never load the application: the first one, and the one that watches."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["NAMES", "HookError", "ProcessHooks"]

NAMES = ("main_process_start", "main_process_stop", "reload_process_start", "reload_process_stop")


class HookError(Exception):
    """The module of ``--main`` cannot be used; the message says why."""


class ProcessHooks:
    """The functions of the module ``name``, called once each: ``main_process_start`` and ``main_process_stop`` in the
    process that was started, ``reload_process_start`` and ``reload_process_stop`` in the one that watches files.

    All are optional, take nothing, and are ordinary functions. The module is imported when the first process starts, and
    the application must not be: workers would inherit what it has opened. Raises HookError.
    """

    def __init__(self, name: str | None) -> None:
        self._module: ModuleType | None = None
        if name is None:
            return
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        try:
            self._module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise HookError(
                f"--main: there is no module {name!r}. Looked in {Path.cwd()} and sys.path."
            ) from None
        if not any(callable(getattr(self._module, one, None)) for one in NAMES):
            raise HookError(f"--main: the module {name!r} has none of the functions {', '.join(NAMES)}.")

    def call(self, name: str) -> None:
        """Calls the function ``name``, if there is one. What it raises comes through."""
        function = getattr(self._module, name, None)
        if function is not None:
            function()

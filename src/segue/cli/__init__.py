"""Layer 6: the ``segue`` command. Each command is a module of its own, named like it."""

from segue.cli.group import main

__all__ = ["main"]

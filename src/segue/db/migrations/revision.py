"""A revision: one file of Python that takes a database one step further, and back."""

import ast
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from segue.db.migrations.errors import MigrationError
from segue.db.models.mapping import Mapping
from segue.db.models.registry import forget, registered, resolve_all
from segue.db.models.relations import link_of, other_side

__all__ = ["Revision"]


class Revision:
    """One file of a folder of migrations, ``0002_rating.py``. Its name without the suffix is its ``id``.

    ``after``: the revisions that come before it. ``replaces``: those that it was squashed from. ``phase``: "expand", "backfill" or
    "contract", if it is a part of a change that was split.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.stem
        names = _constants(path)
        self.after: tuple[str, ...] = _names(names.get("after"), path)
        self.replaces: tuple[str, ...] = _names(names.get("replaces"), path)
        self.phase: str | None = names.get("phase")
        self.message: str = (names.get("__doc__") or self.id).strip().splitlines()[0].rstrip(".")
        self._module: ModuleType | None = None

    def __repr__(self) -> str:
        return f"<Revision {self.id}>"

    @property
    def module(self) -> ModuleType:
        """The file, loaded. Its models are its own: those of the app do not see them."""
        if self._module is None:
            self._module = self._load()
        return self._module

    def step(self, name: str) -> Callable[[], None] | None:
        """Its ``upgrade`` or ``downgrade``."""
        found: Callable[[], None] | None = getattr(self.module, name, None)
        return found

    def _load(self) -> ModuleType:
        name = f"segue_migrations_{self.path.parent.name}_{self.id}"
        spec = importlib.util.spec_from_file_location(name, self.path)
        if spec is None or spec.loader is None:
            raise MigrationError(f"{self.path} is no file of Python")
        resolve_all()
        known = set(map(id, registered()))
        module = importlib.util.module_from_spec(spec)
        # Annotations that are text are looked up there.
        sys.modules[name] = module
        # No __pycache__ beside the migrations: a file that was edited within a second would be taken for the old one.
        before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            spec.loader.exec_module(module)
            _settle([one for one in registered() if id(one) not in known])
        except MigrationError:
            raise
        except Exception as error:
            raise MigrationError(f"{self.path} does not load: {type(error).__name__}: {error}") from error
        finally:
            sys.dont_write_bytecode = before
            for one in registered():
                if id(one) not in known:
                    forget(one.model)
        return module


def _settle(mappings: list[Mapping]) -> None:
    """Resolves models of a revision among themselves, before those of the app are there to be confused with them."""
    for mapping in mappings:
        # A revision runs on the database that it belongs to.
        mapping.database = None
        mapping.resolve()
    for mapping in mappings:
        for relation in mapping.relations.values():
            _ = relation.target
            if relation.many and not relation.ruled and other_side(relation) is None:
                link_of(relation)


def _constants(path: Path) -> dict[str, Any]:
    """What the file says about itself, read without running it."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except SyntaxError as error:
        raise MigrationError(
            f"{path}, line {error.lineno}: {error.msg}. If a merge left marks in it, solve the conflict"
        ) from None
    found: dict[str, Any] = {"__doc__": ast.get_docstring(tree)}
    for node in tree.body:
        target: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and target.id in ("after", "replaces", "phase") and value is not None:
            try:
                found[target.id] = ast.literal_eval(value)
            except ValueError:
                raise MigrationError(
                    f"{path}, line {node.lineno}: {target.id} is written as text or a tuple of texts"
                ) from None
    if "after" not in found:
        raise MigrationError(
            f'{path} does not say after which revision it comes: after = "0001_first", or ()'
        )
    return found


def _names(value: Any, path: Path) -> tuple[str, ...]:
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, tuple | list) or not all(isinstance(one, str) for one in names):
        raise MigrationError(f"{path}: {value!r} is no name of a revision, and no tuple of names")
    return tuple(names)

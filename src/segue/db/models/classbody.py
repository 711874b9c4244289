"""Reads the body of a class: which of its annotations are ``Field``, ``Ref``, ``Many``, ``One`` and ``AnyRef``."""

import ast
import sys
from typing import Any, ClassVar, cast, get_args, get_origin

from segue.db.models.fields import AnyRef, Field, Many, One, Ref

__all__ = ["enclosing", "style_of", "told"]

_STYLES: dict[Any, str] = {Field: "field", Ref: "ref", Many: "many", One: "one", AnyRef: "any"}


def style_of(hint: Any, module: str) -> tuple[str | None, Any]:
    """Which of these an annotation is, and what stands in its brackets: text if it is text."""
    if isinstance(hint, str):
        tree = ast.parse(hint.strip(), mode="eval").body
        outer = tree.value if isinstance(tree, ast.Subscript) else tree
        names = vars(sys.modules[module]) if module in sys.modules else {}
        try:
            named = eval(ast.unparse(outer), {**names}, {**enclosing()})  # noqa: S307 -- the program's own source
        except NameError:
            return None, None
        if named is ClassVar:
            return "other", None
        if named not in _STYLES:
            return None, None
        if not isinstance(tree, ast.Subscript):
            raise TypeError(f"{named.__name__} needs a type: {named.__name__}[...]")
        return _STYLES[named], ast.unparse(tree.slice)
    origin = get_origin(hint)
    if hint is ClassVar or origin is ClassVar:
        return "other", None
    if hint in _STYLES:
        raise TypeError(f"{hint.__name__} needs a type: {hint.__name__}[...]")
    if origin in _STYLES:
        return _STYLES[origin], get_args(hint)[0]
    return None, None


def enclosing() -> dict[str, Any]:
    """The names of the functions in which a model is defined, for annotations that are text."""
    names: dict[str, Any] = {}
    frame = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("segue.db"):
        frame = cast("Any", frame.f_back)
    while frame is not None and frame.f_locals is not frame.f_globals:
        for name, value in frame.f_locals.items():
            if isinstance(value, type):
                names.setdefault(name, value)
        frame = cast("Any", frame.f_back)
        if frame is not None and "importlib" in frame.f_code.co_filename:
            break
    return names


def place() -> str:
    """The file in which a model is defined."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").startswith("segue.db") and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code.co_filename


def told(hint: Any) -> str:
    """An annotation as it is shown to people."""
    return hint if isinstance(hint, str) else getattr(hint, "__name__", str(hint))

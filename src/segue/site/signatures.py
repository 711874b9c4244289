"""Handlers whose parameters are known only when a page is made: the core reads their signatures as those of any other."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["signed"]


def signed(
    handler: Callable[..., Any], parameters: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> Any:
    """``handler`` with these parameters, each with its type, all by name."""
    given = defaults or {}
    one: Any = handler
    one.__signature__ = inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=kind,
                default=given.get(name, inspect.Parameter.empty),
            )
            for name, kind in parameters.items()
        ]
    )
    one.__annotations__ = dict(parameters)
    return one

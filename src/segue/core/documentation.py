"""What may be said about a route for those who read the description of the API; no request looks at it."""

from typing import Any, TypedDict

import msgspec

__all__ = ["Documentation", "DocumentationDefaults", "DocumentationOptions"]


class DocumentationDefaults(TypedDict, total=False):
    """What ``App`` takes too, for all of its routes."""

    documented: bool
    """Whether the description of the API tells of it (default)."""
    deprecated: bool
    """The description of the API says that it should not be used any more."""
    tags: list[str]
    """The groups in which the description of the API shows it, instead of that of its app."""
    security: list[Any]
    """Which of the declared security schemes it asks for, in the description of the API: ``["key"]``; ``[]`` is none."""


class DocumentationOptions(TypedDict, total=False):
    """The named arguments of ``app.get`` and its likes."""

    summary: str
    """One line for the description of the API, instead of the first of the handler's docstring."""
    responses: dict[int, Any]
    """What it may answer besides what its annotation says: types by status, or texts where there is nothing to read."""
    examples: dict[str, Any]
    """For the description of the API: values of parameters by name, of the ``body`` and of the ``result``."""
    callbacks: dict[str, Any]
    """Requests that it leads to: apps by the URL that is asked, ``{"{$request.body#/url}": callbacks}``."""


class Documentation(msgspec.Struct, frozen=True, kw_only=True):
    """These options with all defaults filled in."""

    documented: bool = True
    deprecated: bool = False
    tags: list[str] | None = None
    security: list[Any] | None = None
    summary: str | None = None
    responses: dict[int, Any] = {}
    examples: dict[str, Any] = {}
    callbacks: dict[str, Any] = {}

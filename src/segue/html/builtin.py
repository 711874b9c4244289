"""The names that every template knows."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from segue.core.records import Recorded
from segue.http.request import Request

__all__ = ["BuiltIn", "built_in"]


class BuiltIn(NamedTuple):
    """Names as :class:`segue.html.engine.Names` has them, to be added to."""

    globals: dict[str, Any]
    asking: dict[str, Callable[..., Any]]
    values: dict[str, tuple[Callable[..., Any], bool]]
    filters: dict[str, Callable[..., Any]]
    tests: dict[str, Callable[..., Any]]


def built_in(apps: Sequence[Recorded]) -> BuiltIn:
    """``url_for``, ``static_url``; and what a security plugin gives a meaning: ``csp_nonce``, ``flashes()``."""
    root: Any = apps[0]
    within = ".".join([one.name for one in apps[1:]])

    def url_for(request: Request | None, name: str, /, **values: Any) -> str:
        if request is not None and request.endpoint is not None:
            return request.url_for(name, **values)
        prefix = "" if request is None else request.prefix
        # No handler answers: names are looked for as one of this app would.
        url: str = root.url_for(name, _prefix=prefix, _within=f"{within}." if within else "", **values)
        return url

    def static_url(request: Request | None, path: str, /, *, name: str = "static") -> str:
        prefix = "" if request is None else request.prefix
        url: str = root.static_url(path, name=root.plan.nearest(name, f"{within}." if within else ""))
        return prefix + url

    return BuiltIn(
        {"flashes": _no_flashes, "app": root},
        {"url_for": url_for, "static_url": static_url},
        {"csp_nonce": (_no_nonce, False)},
        {},
        {},
    )


def _no_flashes(*_: object, **__: object) -> list[Any]:
    return []


def _no_nonce() -> str:
    return ""

"""The names that every template knows."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from segue.core.records import Recorded
from segue.core.routing.languages import FILES
from segue.core.texts.speaking import current_direction, current_language
from segue.core.texts.texts import Texts, framework
from segue.html.loading import load
from segue.html.textfilters import TEXT_FILTERS
from segue.http.request import Request

__all__ = ["BuiltIn", "built_in"]


class BuiltIn(NamedTuple):
    """Names as :class:`segue.html.engine.Names` has them, to be added to."""

    globals: dict[str, Any]
    asking: dict[str, Callable[..., Any]]
    values: dict[str, tuple[Callable[..., Any], bool]]
    filters: dict[str, Callable[..., Any]]
    tests: dict[str, Callable[..., Any]]
    texts: Texts


def built_in(apps: Sequence[Recorded]) -> BuiltIn:
    """``url_for``, ``static_url``; what says texts; and what a security plugin gives a meaning: ``csp_nonce``, ``flashes()``."""
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
        prefix = "" if request is None else (request.made or {}).get(FILES, request.prefix)
        nearest = root.plan.nearest(name, f"{within}." if within else "")
        url: str = root.static_url(path, name=nearest, _prefix=prefix)
        return url

    texts = Texts(*_domains(apps))
    saying = {
        "_": texts.gettext,
        "gettext": texts.gettext,
        "ngettext": texts.ngettext,
        "pgettext": texts.pgettext,
        "npgettext": texts.npgettext,
    }
    return BuiltIn(
        {"flashes": _no_flashes, "app": root, **saying},
        {"url_for": url_for, "static_url": static_url, "load": load},
        {
            "csp_nonce": (_no_nonce, False),
            "language": (current_language, False),
            "direction": (current_direction, False),
        },
        dict(TEXT_FILTERS),
        {},
        texts,
    )


def _domains(apps: Sequence[Recorded]) -> list[str]:
    """Where the texts of a page are looked for: with the app of its handler, those around it, and Segue itself."""
    own = [one.domain for app in reversed(apps) for one in app.declared.texts.translations]
    return list(dict.fromkeys([*own, *framework.domains]))


def _no_flashes(*_: object, **__: object) -> list[Any]:
    return []


def _no_nonce() -> str:
    return ""

"""Branches of the tree of included apps: where in it a declaration stands, and what it inherits there."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from segue.core.errors.handlers import ErrorHandlers
from segue.core.handlers import OnError
from segue.core.options import Options, layered
from segue.core.ports import Format, Identifies, Permits, Templating
from segue.core.providing.providers import ProvidersOf
from segue.core.records import Around, ForRoutes, Recorded, URLDefaults, URLValues
from segue.core.routing.claims import Level
from segue.core.routing.converters import Converter
from segue.core.routing.predicates import PredicateFactory
from segue.core.routing.sites import host_template
from segue.core.routing.templates import InvalidTemplate, Template
from segue.core.styles.hooks import Attached

__all__ = ["Branch", "join"]


class Branch(NamedTuple):
    """Where in the tree of included apps a declaration stands, and what it inherits there."""

    app: Recorded
    above: tuple[Recorded, ...]
    prefix: str
    host: str | None
    names: tuple[str, ...]
    middleware: tuple[Around, ...]
    level: Level
    errors: ErrorHandlers
    on_error: OnError
    converters: Mapping[str, Converter]
    defaults: Mapping[str, Any]
    predicates: Mapping[str, PredicateFactory]
    providers: ProvidersOf
    permits: Permits | None = None
    identifies: Identifies | None = None
    around_routes: tuple[ForRoutes, ...] = ()
    hooks: tuple[Attached, ...] = ()
    url_values: tuple[URLValues, ...] = ()
    url_defaults: tuple[URLDefaults, ...] = ()
    formats: Mapping[str, Format] = {}
    templating: Templating | None = None

    def options(self, given: Mapping[str, Any], **fixed: Any) -> Options:
        """The options of a route here. Raises msgspec.ValidationError."""
        return msgspec.convert({**layered(self.defaults, given), **fixed}, Options)

    def host_template(self, host: str | None) -> Template | None:
        """The template of ``host``, or of the host that all have here."""
        host = host or self.host
        return None if host is None else host_template(host, self.converters)


def join(prefix: str, path: str) -> str:
    """``path`` under ``prefix``: ``/blog`` and ``/`` are ``/blog/``, ``/blog`` and nothing are ``/blog``."""
    if not path:
        return prefix.rstrip("/") or "/"
    if not path.startswith("/"):
        raise InvalidTemplate(f"the path {path!r} has to begin with a slash: {'/' + path!r}")
    return prefix.rstrip("/") + path

"""What is attacked: the routes of an app, and in each the places where a value from outside goes in."""

import inspect
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from segue.core.app import App
from segue.core.binding.parameters import MISSING, Parameter
from segue.core.handlers import Endpoint
from segue.core.inspection.checks.subjects import function_of
from segue.openapi.inputs import parameters_of
from segue.openapi.operation import routes_of
from segue.server.frames import is_users
from segue.testing.attacks.samples import sample, texts_in

__all__ = ["Place", "Shot", "Target", "targets_of"]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
#: How handlers read by hand what they do not declare.
_BY_HAND = {
    "query": re.compile(r"""\.query(?:\.get\(|\.get_all\(|\[)\s*["']([\w.-]{1,60})["']"""),
    "form": re.compile(r"""\bform(?:\.get\(|\.get_all\(|\[)\s*["']([\w.-]{1,60})["']"""),
    "header": re.compile(r"""\.headers(?:\.get\(|\[)\s*["']([\w-]{1,60})["']"""),
}
_FIELD = re.compile(r"\{([A-Za-z_]\w*)(?::([^}]*))?\}")


class Place(NamedTuple):
    """Where a value goes in: ``origin`` is path, query, form, json or header; ``name`` a name, or a path into JSON."""

    origin: str
    name: Any

    def __str__(self) -> str:
        named = ".".join(map(str, self.name)) if isinstance(self.name, tuple) else self.name
        return f"{self.origin} {named}".rstrip()


class Shot(NamedTuple):
    """One request."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any
    form: dict[str, str]


class Target:
    """A route with one of its methods. ``file`` and ``line``: where its handler is written."""

    def __init__(self, endpoint: Endpoint, path: str, method: str) -> None:
        self.endpoint = endpoint
        self.method = method
        self._path = path
        self._values: dict[str, dict[str, Any]] = {
            "path": {},
            "query": {},
            "form": {},
            "header": {},
            "cookie": {},
        }
        self._json: Any = None
        self._read()
        self.file, self.line = endpoint.place.file, endpoint.place.line

    def __str__(self) -> str:
        return f"{self.endpoint.name} ({self.method} {self._path})"

    @property
    def cookies(self) -> bool:
        """Whether it reads cookies or a session: it acts in the name of who sends them."""
        inputs = [*self.endpoint.parameters, *self.endpoint.wiring.inputs]
        provided = str([step.provider.key for step in self.endpoint.wiring.steps])
        return any(one.origin == "cookie" for one in inputs) or "Session" in provided

    @property
    def places(self) -> list[Place]:
        """Where a text may go in."""
        found = [
            Place(origin, name)
            for origin in ("path", "query", "form", "header")
            for name, value in self._values[origin].items()
            if isinstance(value, str)
        ]
        return found + [Place("json", path) for path in texts_in(self._json)]

    def expect_numbers(self) -> None:
        """Takes "1" for all texts: some that are declared as texts are read as numbers."""
        for place in self.places:
            if place.origin == "json":
                self._json = _replaced(self._json, place.name, "1")
            else:
                self._values[place.origin][place.name] = "1"

    def shot(self, place: Place | None = None, value: str = "") -> Shot:
        """A request whose values fit, but for the one at ``place``."""
        values = deepcopy(self._values)
        body = deepcopy(self._json)
        if place is not None and place.origin == "json":
            body = _replaced(body, place.name, value)
        elif place is not None:
            values[place.origin][place.name] = value
        path = _FIELD.sub(lambda field: _in_path(field, values["path"]), self._path)
        query = urlencode({name: _text(one) for name, one in values["query"].items()}, errors="surrogatepass")
        headers = {name: _text(one) for name, one in values["header"].items()}
        form = {name: _text(one) for name, one in values["form"].items()}
        return Shot(self.method, f"{path}?{query}" if query else path, headers, body, form)

    def _read(self) -> None:
        for one in parameters_of(self.endpoint, self.method):
            if one.origin in self._values:
                self._declared(one)
            elif one.origin == "body":
                self._json = sample(one.kind)
        for field, kind in _FIELD.findall(self._path):
            self._values["path"].setdefault(field, _OF_CONVERTERS.get(kind.partition("(")[0], "a"))
        function = function_of(self.endpoint.handler)
        source = "" if function is None else _source(function)
        for origin, pattern in _BY_HAND.items():
            if origin == "form" and self.method == "GET":
                continue
            for name in pattern.findall(source):
                name = name.lower() if origin == "header" else name
                if name not in _COMMON_HEADERS and name not in self._values[origin]:
                    self._values[origin][name] = "a"

    def _declared(self, one: Parameter) -> None:
        value = sample(one.kind)
        if one.model and isinstance(value, dict):
            self._values[one.origin].update({name: each for name, each in value.items() if each is not None})
        elif value is not None and not (one.origin == "header" and one.wire in _COMMON_HEADERS):
            if one.default is not MISSING and isinstance(one.default, str) and one.default:
                value = one.default
            self._values[one.origin][one.wire] = value


_OF_CONVERTERS = {
    "int": 1,
    "float": 1.0,
    "uuid": "00000000-0000-4000-8000-000000000001",
    "date": "2026-01-01",
}
_COMMON_HEADERS = {
    "accept",
    "content-type",
    "content-length",
    "authorization",
    "host",
    "origin",
    "cookie",
    "user-agent",
}


def targets_of(app: App) -> Iterator[Target]:
    """The routes that the author of an app has written, with each method."""
    plan = app.plan
    for endpoint, route in routes_of(plan).items():
        function = function_of(endpoint.handler)
        if endpoint.kind != "route" or function is None or not is_users(function.__code__.co_filename):
            continue
        for method in endpoint.methods or ("GET", "POST"):
            if method in _METHODS:
                yield Target(endpoint, route.template.text, method)


def _replaced(value: Any, path: tuple[Any, ...], by: str) -> Any:
    if not path:
        return by
    value[path[0]] = _replaced(value[path[0]], path[1:], by)
    return value


def _in_path(field: "re.Match[str]", values: dict[str, Any]) -> str:
    safe = "/" if (field[2] or "").startswith("path") else ""
    return quote(_text(values.get(field[1], "a")), safe=safe, errors="surrogatepass")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""

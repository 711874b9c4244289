"""Where endpoints stand: the methods of each path of each host, and what cannot be told apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from segue.core.files.static import StaticFiles
from segue.core.handlers import Endpoint
from segue.core.options import Options
from segue.core.routing.choice import choice, skipped_by_all
from segue.core.routing.claims import remaining
from segue.core.routing.dispatch import Find, Methods, find_by_host, finder
from segue.core.routing.matcher import Matcher
from segue.core.routing.templates import Template, parse_template
from segue.core.source import Source
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["SOCKET", "Sites", "host_template"]

#: What stands for a method where a WebSocket is declared, until all is.
SOCKET = "WEBSOCKET"
#: What stands for the methods that nobody names.
_REST = "any method of"

_Key = tuple[tuple[str, ...], ...]


class _Site:
    """One template: the endpoints of its path by method, which only their conditions tell apart."""

    __slots__ = ("candidates", "methods", "template")

    def __init__(self, template: Template) -> None:
        self.template = template
        self.candidates: dict[str, list[Endpoint]] = {}
        self.methods = Methods()


class Sites:
    """All paths of an app. ``problems`` takes what two endpoints both claim."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        # By host (None: any), then by what a template matches.
        self._sites: dict[_Key | None, dict[_Key, _Site]] = {None: {}}
        self._hosts: dict[_Key, Template] = {}
        #: The endpoints that nothing overrides wholly.
        self.answering: set[Endpoint] = set()

    def place(
        self, template: Template, host: Template | None, methods: Sequence[str], endpoint: Endpoint
    ) -> dict[str, str]:
        """Lets ``endpoint`` answer ``methods`` (none: those that nobody else does) of the paths of ``template``.

        Returns the names of its parameters with those that the first template of this shape gave them, where they
        are not the same.
        """
        key = None if host is None else host.key
        if host is not None:
            self._hosts.setdefault(host.key, host)
        site = self._sites.setdefault(key, {}).setdefault(template.key, _Site(template))
        for method in methods or (_REST,):
            candidates = site.candidates.setdefault(method, [])
            if endpoint not in candidates:
                candidates.append(endpoint)
        if template.names == site.template.names:
            return {}
        return dict(zip(template.names, site.template.names, strict=True))

    def _settle(self, site: _Site) -> None:
        """Leaves those candidates that nothing overrides, now that all are known."""
        for method, candidates in site.candidates.items():
            alike: dict[object, list[Endpoint]] = {}
            for endpoint in candidates:
                alike.setdefault(_key(endpoint), []).append(endpoint)
            left = [endpoint for group in alike.values() for endpoint in self._remaining(method, group)]
            site.candidates[method] = [endpoint for endpoint in candidates if endpoint in left]
            site.methods.slashes = site.candidates[method][-1].options.slashes
            self.answering.update(left)

    def _remaining(self, method: str, group: Sequence[Endpoint]) -> list[Endpoint]:
        first, *others = left = remaining(group)
        for other in others:
            if _serve_the_same(first, other):
                left.remove(other)
                continue
            under = f" with {other.conditions}" if other.conditions else ""
            self._problems.append(
                f"{method} {other.path}{under} is declared at {_place(first)} ({first.name}) and at {_place(other)} "
                f"({other.name}): no request can tell them apart. Give one another path or predicate, or take it away"
            )
        for endpoint in group:
            if endpoint not in left:
                endpoint.methods = tuple([one for one in endpoint.methods if one != method])
        return left

    def finish(self) -> tuple[Matcher[Methods], Find | None]:
        """The matcher of the paths of any host, and where there are others, what finds by host."""
        for sites in self._sites.values():
            for site in sites.values():
                self._settle(site)
        matchers = {key: _matcher(sites) for key, sites in self._sites.items()}
        if not self._hosts:
            return matchers[None], None
        hosts: Matcher[Find] = Matcher()
        for key, template in self._hosts.items():
            hosts.add(template, finder(matchers[key]))
        hosts.finish()
        return matchers[None], find_by_host(hosts, finder(matchers[None]))


def _serve_the_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two apps have brought one folder of files, as those of a plugin that both list: it is the same who answers."""
    if one.apps == other.apps:
        return False
    files, others = (getattr(endpoint.handler, "__self__", None) for endpoint in (one, other))
    return (
        isinstance(files, StaticFiles)
        and isinstance(others, StaticFiles)
        and files.shows(others)
        and one.handler.__name__ == other.handler.__name__
    )


def _matcher(sites: Mapping[_Key, _Site]) -> Matcher[Methods]:
    matcher: Matcher[Methods] = Matcher()
    for site in sites.values():
        _complete(site)
        matcher.add(site.template, site.methods)
        if site.methods.slashes == "ignore":
            twin = site.template.other_slash()
            if twin is not None and twin.key not in sites:
                matcher.add(twin, site.methods)
    matcher.finish()
    return matcher


def _complete(site: _Site) -> None:
    """Makes one endpoint for each method of a path, and adds those that are not declared.

    They are HEAD where there is GET, and OPTIONS (RFC 9110, sections 9.3.2 and 9.3.7).
    """
    methods, candidates = site.methods, site.candidates
    rest = candidates.pop(_REST, [])
    methods.rest = choice(rest) if rest else None
    for method, endpoints in candidates.items():
        # What no endpoint of the method itself takes is for those of any method.
        conditional = all(endpoint.conditions for endpoint in endpoints)
        methods[method] = choice(endpoints, methods.rest if conditional else None)
    socket = methods.pop(SOCKET, None)
    if socket is not None:
        methods["GET"] = _either(socket, methods["GET"]) if "GET" in methods else socket
    declared = list(methods.values())
    get = methods.get("GET")
    if get is not None and get.options.auto_head and methods.setdefault("HEAD", get) is get:
        _also(get, "HEAD")
    automatic = all(endpoint.options.auto_options for endpoint in declared)
    if automatic and declared and methods.rest is None and "OPTIONS" not in methods:
        methods.allow = tuple(sorted([*methods, "OPTIONS"]))
        _also(declared[0], "OPTIONS")
        methods["OPTIONS"] = _options(declared, ", ".join(methods.allow))
    else:
        methods.allow = tuple(sorted(methods))


def _also(endpoint: Endpoint, method: str) -> None:
    for one in endpoint.among or (endpoint,):
        one.automatic = (*one.automatic, method)


def _place(endpoint: Endpoint) -> Source:
    """The line to look at: where the handler is written, or for one of Segue's own, what has declared it."""
    return endpoint.declared if endpoint.place.is_own else endpoint.place


def _key(endpoint: Endpoint) -> object:
    return None if endpoint.conditions is None else endpoint.conditions.key


def _either(socket: Endpoint, page: Endpoint) -> Endpoint:
    """Of a path that has a page and a WebSocket, the one that a request asks for."""

    async def answer(request: Request) -> Response:
        upgrade = request.headers.joined("upgrade") or ""
        wanted = request.scheme in ("ws", "wss") or "websocket" in upgrade.lower()
        endpoint = request.endpoint = socket if wanted else page
        return await endpoint.call(request)

    options = msgspec.structs.replace(page.options, skip=skipped_by_all([socket, page]))
    endpoint = Endpoint(page.app, page.name, page.handler, page.place, options)
    endpoint.call = answer
    endpoint.among = (socket, *(page.among or (page,)))
    endpoint.path, endpoint.methods = page.path, page.methods
    return endpoint


def _options(declared: Sequence[Endpoint], allow: str) -> Endpoint:
    """What tells the methods of a path, to those whom the guards let in that all of them have."""
    endpoints = [one for each in declared for one in (each.among or (each,))]
    first = endpoints[0]

    async def answer(_: Request) -> Response:
        return Response(b"", 204, {"allow": allow})

    endpoint = Endpoint(first.app, f"options of {first.path}", answer, first.place, Options())
    shared = 0
    for guards in zip(*[one.options.requires for one in endpoints], strict=False):
        if any(guard is not guards[0] for guard in guards):
            break
        shared += 1
    guarding = first.guarding
    if guarding is None or not shared:
        endpoint.call = answer
    else:
        endpoint.prepare(lambda: guarding(shared, answer))
    endpoint.path = first.path
    endpoint.methods = ("OPTIONS",)
    endpoint.identifies, endpoint.on_error = first.identifies, first.on_error
    return endpoint


def host_template(host: str, converters: Mapping[str, Any]) -> Template:
    """A host as a template, label by label: ``{tenant}.example.com`` is ``/{tenant}/example/com``.

    In lower case but for the names of its parameters, without port and trailing dot.
    """
    pieces = host.replace("}", "{").split("{")
    texts = [piece.lower().replace(".", "/") for piece in pieces[::2]]
    texts[-1] = texts[-1].partition(":")[0].removesuffix("/")
    fields = [f"{{{piece}}}" for piece in pieces[1::2]]
    return parse_template(
        "/" + "".join([text + field for text, field in zip(texts, [*fields, ""], strict=True)]), converters
    )

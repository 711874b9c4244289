"""What the records of routes become when an app is frozen: endpoints, each in its place."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from segue.core.binding.bodies import accepted
from segue.core.binding.calling import Calling, hooked
from segue.core.binding.endpoints import compile_http, compile_socket, is_async, path_kinds
from segue.core.binding.parameters import HandlerError, Parameter, Served, check_path_used, read_signature
from segue.core.binding.reshaping import reshaped, reshaped_parameters
from segue.core.branches import Branch, join
from segue.core.handlers import Call, Endpoint, bodies_of
from segue.core.life.lifespan import Span, application_span
from segue.core.life.requesthooks import rendering, telling_errors, telling_sockets
from segue.core.life.surroundings import caching, taking_values
from segue.core.middleware.pipeline import answering, fold, guarded
from segue.core.middleware.stacks import around_route, skips, wrapped
from segue.core.options import Options
from segue.core.pages.assets import overrides_of
from segue.core.plan import NamedRoute
from segue.core.providing.steps import Wiring
from segue.core.providing.supplying import supplied_error_handlers, supplied_stack
from segue.core.providing.wiring import Injection
from segue.core.records import (
    Around,
    ForRoutes,
    MiddlewareLike,
    Mounted,
    Provided,
    Recorded,
    Route,
    SocketRoute,
)
from segue.core.results.negotiation import formats_of, with_suffixes
from segue.core.routing.conditions import read_conditions
from segue.core.routing.mounting import mounted_call
from segue.core.routing.predicates import InvalidPredicate
from segue.core.routing.sites import SOCKET, Sites
from segue.core.routing.templates import InvalidTemplate, Template, parse_template
from segue.core.source import Source, source_of
from segue.core.styles.hooks import Attached
from segue.core.styles.permissions import guard
from segue.core.styles.stages import Needs, Stages, guarding_mount, guards_of, reraise
from segue.core.styles.views import as_given

__all__ = ["Routes"]

R = TypeVar("R", Route, SocketRoute)

# Options of routes that WebSockets have too.
_OF_SOCKETS = frozenset(
    {
        "documented",
        "error_handlers",
        "host",
        "middleware",
        "name",
        "permission",
        "provides",
        "requires",
        "skip",
        "version",
        "version_prefix",
    }
)


class Routes:
    """Makes the endpoints of one plan. What is wrong with a single one is raised, what is wrong among them told."""

    def __init__(self, root: Recorded, injection: Injection, problems: list[str]) -> None:
        self.root = root
        self.injection = injection
        self.problems = problems
        self.sites = Sites(problems)
        self.endpoints: list[Endpoint] = []
        #: By the names that ``url_for`` knows.
        self.named: dict[str, list[NamedRoute]] = {}
        #: Hooks on handlers that no route had until now.
        self.unused: list[Attached] = []
        #: Whether a middleware around everything opens a scope for what is provided.
        self.opens = False

    def add(self, branch: Branch, record: Route) -> None:
        """Makes the endpoint of a route, and those of its suffixes."""
        outer, options = branch, branch.options(record.options)
        branch = self._narrowed(branch, options, record)
        record = self._hooked(branch, _overridden(branch, record))
        endpoint, template, renames = self._endpoint(branch, record, record.methods, options)

        taken = taking_values(branch.url_values, renames)
        renames = {} if taken else renames

        def prepare() -> None:
            stages = self._stages(branch, record, endpoint, template)
            on_error = reraise if stages else branch.on_error
            compiled = compile_http(
                endpoint, template, {} if stages else renames, self.injection, on_error, shared=stages.share
            )
            endpoint.prepare(wrapped(compiled, endpoint, _inside(stages, taken, template, renames)))

        self._wire(branch, record, endpoint, template, prepare)
        for one in with_suffixes(record, endpoint):
            self.add(outer, one)

    def add_socket(self, branch: Branch, record: SocketRoute) -> None:
        """Makes the endpoint of a WebSocket."""
        from segue.core.results.websockets import websocket_endpoint

        if not is_async(record.handler):
            raise HandlerError(f"{record.place}: the handler of a WebSocket has to be an `async def`")
        given: dict[str, Any] = dict(record.options)
        known: dict[str, Any] = {key: given.pop(key) for key in _OF_SOCKETS if key in given}
        options = branch.options(known, auto_head=False, timeout=None, on_disconnect="cancel")
        branch = self._narrowed(branch, options, record)
        record = self._hooked(branch, record)
        endpoint, template, renames = self._endpoint(branch, record, (SOCKET,), options)
        taken = taking_values(branch.url_values, renames)
        renames = {} if taken else renames
        bind = telling_sockets((*branch.above, branch.app))

        def prepare() -> None:
            stages = self._stages(branch, record, endpoint, template)
            renamed = {} if stages else renames
            compiled = compile_socket(endpoint, template, renamed, self.injection, shared=stages.share)

            def make() -> Call:
                session = bind(compiled())
                return guarded(websocket_endpoint(session, **given), reraise if stages else branch.on_error)

            endpoint.prepare(wrapped(make, endpoint, _inside(stages, taken, template, renames)))

        self._wire(branch, record, endpoint, template, prepare)

    def _narrowed(self, branch: Branch, options: Options, record: Route | SocketRoute) -> Branch:
        """What a route inherits, with what it is provided with itself, and who answers its errors."""
        if options.provides:
            provided = [
                Provided(kind, made, "request", False, record.place, record.names, None)
                for kind, made in options.provides.items()
            ]
            branch = branch._replace(providers=self.injection.layer(provided, branch.providers))
        if options.error_handlers:
            declared = [(what, function, record.place) for what, function in options.error_handlers.items()]
            errors = supplied_error_handlers(declared, self.injection, branch.providers).within(branch.errors)
            apps = (*branch.above, branch.app)
            branch = branch._replace(
                errors=errors, on_error=telling_errors(apps, answering(self.root, errors))
            )
        return branch

    def _wire(
        self,
        branch: Branch,
        record: Route | SocketRoute,
        endpoint: Endpoint,
        template: Template,
        prepare: Callable[[], None],
    ) -> None:
        """Prepares the endpoint; and again when other providers stand in (``app.overriding``)."""

        def again() -> None:
            host = branch.host_template(endpoint.options.host)
            endpoint.wiring = self._signature(branch, record, endpoint, template, host)[2]
            prepare()

        prepare()
        if branch.providers:
            self.injection.wired.append(again)

    def mount(self, branch: Branch, record: Mounted) -> Span:
        """Makes the endpoint of a mounted application. Returns what starts and stops that."""
        from segue.server.mount import mounted

        options = branch.options({"skip": record.skip}, timeout=None, slashes="strict")
        prefix = (options.version_path + join(branch.prefix, record.at)).rstrip("/")
        if "{" in prefix:
            raise InvalidTemplate(f"the place of a mounted app has no parameters: {prefix!r}")
        options = self._configured(options, prefix)
        application = mounted(record.foreign)
        name = getattr(record.foreign, "__name__", type(record.foreign).__name__)
        endpoint = Endpoint(self.root, f"mount of {name}", record.foreign, record.place, options)
        endpoint.kind = "mount"
        endpoint.path = f"{prefix}/{{path:path}}"
        endpoint.on_error = branch.on_error
        host = branch.host_template(record.host)
        self._place(endpoint, branch, record.place, host)
        self._surround(endpoint, branch)
        call = guarded(mounted_call(application, prefix), branch.on_error)
        guards = guards_of(endpoint, self.injection, branch.providers, ("path",))
        inner = (lambda: guarding_mount(guards, self.injection, endpoint)) if guards.steps else None
        endpoint.call = wrapped(lambda: call, endpoint, inner)()
        for path in (prefix, f"{prefix}/", endpoint.path):
            if path:
                self.sites.place(parse_template(path, branch.converters), host, (), endpoint)
        self.endpoints.append(endpoint)
        return application_span(application)

    def _place(self, endpoint: Endpoint, branch: Branch, declared: Source, host: Template | None) -> None:
        """Tells ``endpoint`` where it stands."""
        endpoint.declared = declared
        endpoint.host = None if host is None else host.text.removeprefix("/").replace("/", ".")
        endpoint.identifies = branch.identifies
        endpoint.apps = (*branch.above, branch.app)
        endpoint.level = branch.level
        options = endpoint.options
        added = (*caching(options.cache), *guard(options.permission, branch.permits, declared))
        outer = (*branch.middleware, *[Around(one, declared, is_internal=True) for one in added])
        known = (*self.root.declared.middleware, *[_by_name(one) for one in branch.around_routes])
        stack = around_route(known, outer, endpoint.options, declared, self.problems)
        endpoint.middleware = tuple(supplied_stack(stack, self.injection, branch.providers))

    def _surround(self, endpoint: Endpoint, branch: Branch) -> None:
        """Puts around ``endpoint``, inside of all other middleware, what ``app.around_routes`` wants there."""
        found: list[Around] = []
        for one in branch.around_routes:
            middleware = None if skips(endpoint.options, _by_name(one)) else one.decide(endpoint)
            if middleware is not None:
                found.append(Around(middleware, one.place, one.plugin))
        if found:
            found = supplied_stack(found, self.injection, branch.providers)
            endpoint.middleware = (*endpoint.middleware, *found)

    def _guarded(
        self, branch: Branch, endpoint: Endpoint, names: Sequence[str], count: int, call: Call
    ) -> Call:
        """``call``, for those whom the first ``count`` guards of ``endpoint`` let in."""
        functions = endpoint.options.requires[:count]
        guards = [self.injection.guard(one, branch.providers, endpoint.place) for one in functions]
        wiring = self.injection.wire((), branch.providers, names, guards)
        return guarded(fold(guarding_mount(wiring, self.injection, endpoint), call), branch.on_error)

    def _endpoint(
        self, branch: Branch, record: Route | SocketRoute, methods: Sequence[str], options: Options
    ) -> tuple[Endpoint, Template, dict[str, str]]:
        """The endpoint of a route, in its place; its template, and how other templates call its parameters."""
        handler = record.handler
        own = options.name or str(getattr(handler, "__name__", type(handler).__name__))
        # A name with a dot says all of it.
        name = own if "." in own else ".".join((*(branch.names or (branch.app.name,)), own))
        if options.suffix is not None:
            own, name = f"{own}.{options.suffix}", f"{name}.{options.suffix}"
        prefix = options.version_path + branch.prefix
        template = parse_template(join(prefix, record.path), branch.converters)
        options = self._configured(options, template.text, socket=isinstance(record, SocketRoute))
        endpoint = Endpoint(self.root, name, handler, source_of(handler, record.place), options)
        host = branch.host_template(options.host)
        endpoint.on_error = branch.on_error
        endpoint.conditions = read_conditions(msgspec.structs.asdict(options), branch.predicates)
        if branch.identifies is None and (
            options.authenticated is not None or options.principals is not None
        ):
            raise InvalidPredicate(
                "authenticated= and principals= ask who sends a request, but nothing says that: a plugin with accounts does, "
                "or a function of yours, @app.identifies"
            )
        self._place(endpoint, branch, record.place, host)
        endpoint.path = template.text
        endpoint.methods = tuple(methods)
        endpoint.arguments = record.calling.taking
        endpoint.hooks = tuple([hook for hook in record.calling.hooks if hook.kind != "wrap"])
        # What only leads to a handler has no result of its own.
        endpoint.rendering = None if record.calling.leads else rendering(endpoint.apps)
        signature = self._signature(branch, record, endpoint, template, host)
        endpoint.parameters, endpoint.returns, endpoint.wiring = signature
        endpoint.formats = formats_of(endpoint, branch.formats, branch.templating, record.place)
        endpoint.bodies = bodies_of(options, accepted(options.accepts, branch.formats, record.place))
        if options.requires:
            names = template.names if host is None else (*template.names, *host.names)
            endpoint.guarding = functools.partial(self._guarded, branch, endpoint, names)
        if isinstance(record, SocketRoute):
            endpoint.kind = "websocket"
        if not record.calling.leads:
            self._surround(endpoint, branch)
        into = record.into if isinstance(record, Route) else None
        renames = {} if options.build_only else (into or self.sites).place(template, host, methods, endpoint)
        self.endpoints.append(endpoint)
        if into is not None:  # no path of its own, so none to write
            self.sites.answering.add(endpoint)
            return endpoint, template, renames
        route = NamedRoute(template, host, endpoint, branch.url_defaults)
        self.named.setdefault(name, []).append(route)
        if not branch.names and name != own:
            self.named.setdefault(own, []).append(route)
        return endpoint, template, renames

    def _configured(self, options: Options, path: str, *, socket: bool = False) -> Options:
        """The options with what ``segue.toml`` says for the path."""
        entries = self.root.declared.life.path_options
        if not entries:
            return options
        from segue.core.settings.pathoptions import configured

        return configured(options, path, entries, socket=socket)

    def _hooked(self, branch: Branch, record: R) -> R:
        """The record with all of its hooks."""
        handler, calling, used = hooked(record.handler, record.calling, branch.hooks)
        self.unused = [one for one in self.unused if one not in used]
        return record._replace(handler=handler, calling=calling)

    def _stages(
        self, branch: Branch, record: Route | SocketRoute, endpoint: Endpoint, template: Template
    ) -> Stages:
        """The hooks of the handler, and what makes its object."""
        host = branch.host_template(endpoint.options.host)

        def read(function: Callable[..., Any], calling: Calling) -> Needs:
            route = record._replace(handler=function, calling=calling)
            parameters, _, wiring = self._signature(branch, route, endpoint, template, host, own=())
            given = isinstance(record, Route) and record.into is not None
            return Needs(as_given(parameters) if given else parameters, wiring)

        names = template.names if host is None else (*template.names, *host.names)
        guards = guards_of(endpoint, self.injection, branch.providers, names)
        stages = Stages(endpoint, record.calling, self.injection, read, guards)
        opened = self.opens or any(one.opens for one in endpoint.middleware)
        if opened or (isinstance(record, Route) and record.into is not None):
            # What leads to it may be provided with objects as well.
            stages.share = stages.share or endpoint.wiring.per_request
        return stages

    def _signature(
        self,
        branch: Branch,
        record: Route | SocketRoute,
        endpoint: Endpoint,
        template: Template,
        host: Template | None,
        own: Sequence[str] | None = None,
    ) -> tuple[tuple[Parameter, ...], Any, Wiring]:
        if branch.url_values or (isinstance(record, Route) and record.into is not None):
            own = ()
        if own is None:
            is_whole = template.text == record.path
            own = template.names if is_whole else parse_template(record.path or "/", branch.converters).names
        path_names = template.names if host is None else (*template.names, *host.names)
        path_names = (*path_names, *record.calling.outer)
        parameters, returns = read_signature(
            record.handler,
            path_names=path_names,
            place=endpoint.place,
            names=record.names,
            served=Served(type(self.root), self.root.request_class),
            calling=record.calling,
            offers=self.injection.offers(branch.providers),
        )
        if shapes := endpoint.options.shapes:
            parameters, returns = reshaped_parameters(parameters, shapes), reshaped(returns, shapes)
        wiring = self.injection.wire(parameters, branch.providers, path_names)
        taken = (*parameters, *wiring.inputs)
        check_path_used(record.handler, own, taken, record.calling, endpoint.place)
        return parameters, returns, wiring


def _overridden(branch: Branch, record: Route) -> Route:
    """The record, with what stands in for the files that its handler serves."""
    files: Any = getattr(record.handler, "__self__", None)
    if not hasattr(type(files), "overridden"):
        return record
    overrides = overrides_of((*branch.above, branch.app))
    if not overrides:
        return record
    name: str = record.handler.__name__
    return record._replace(handler=getattr(files.overridden(overrides), name))


def _inside(
    stages: Stages, taken: tuple[MiddlewareLike, ...], template: Template, renames: Mapping[str, str]
) -> Callable[[], list[MiddlewareLike]] | None:
    """What is inside of the middleware of an endpoint, around its handler; None for nothing."""
    if not (stages or taken):
        return None
    return lambda: [*taken, *stages.compiled(path_kinds(template), renames)]


def _by_name(one: ForRoutes) -> Around:
    """What stands for it where routes say which middleware they skip."""
    decide: Any = one.decide
    return Around(decide, one.place, one.plugin)

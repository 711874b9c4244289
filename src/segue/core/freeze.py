"""From what an app has recorded to its plan; all that is wrong is reported at once."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from segue.core.binding.bodies import accepted
from segue.core.binding.calling import Calling, hooked
from segue.core.binding.endpoints import compile_http, compile_socket, is_async, path_kinds
from segue.core.binding.parameters import HandlerError, Parameter, check_path_used, read_signature
from segue.core.errors.handlers import ErrorHandlers
from segue.core.handlers import Call, Endpoint, OnError, bodies_of
from segue.core.life.lifespan import Span, application_span
from segue.core.life.lives import clashes, life_of
from segue.core.life.receivers import settle
from segue.core.life.records import TaskRecord
from segue.core.life.requesthooks import around, telling_errors, telling_sockets
from segue.core.life.surroundings import InvalidOption, caching, taking_values
from segue.core.middleware.pipeline import answering, guarded
from segue.core.middleware.stacks import around_all, around_route, carried, wrapped
from segue.core.options import Options, layered
from segue.core.plan import FreezeError, NamedRoute, Plan
from segue.core.plugins.setup import set_up, set_up_all
from segue.core.providing.providers import ProvidersOf
from segue.core.providing.steps import Wiring
from segue.core.providing.supplying import error_handlers_of, spans_of, supplied, supplied_stack, tasks_of
from segue.core.providing.wiring import Injection
from segue.core.records import (
    Around,
    ByPlugin,
    Compiles,
    Included,
    MiddlewareLike,
    Mounted,
    Record,
    Recorded,
    Route,
    SocketRoute,
)
from segue.core.results.negotiation import formats_of, with_suffixes
from segue.core.routing.conditions import read_conditions
from segue.core.routing.converters import BUILT_IN
from segue.core.routing.dispatch import Find, dispatcher, finder
from segue.core.routing.includednames import IncludedNames
from segue.core.routing.mounting import mounted_call
from segue.core.routing.predicates import InvalidPredicate
from segue.core.routing.sites import SOCKET, Sites
from segue.core.routing.templates import InvalidTemplate, Template, parse_template
from segue.core.scopes import Scope, join
from segue.core.settings.declarations import configure_paths, misspelt_sections
from segue.core.source import Source, source_of
from segue.core.styles.forest import Forest
from segue.core.styles.hooks import Attached
from segue.core.styles.permissions import guard, permits_of
from segue.core.styles.stages import Needs, Stages, guarding_mount, guards_of, reraise
from segue.core.styles.viewrecords import Traverse, View
from segue.core.styles.views import as_given

__all__ = ["freeze"]

R = TypeVar("R", Route, SocketRoute)

# Options of routes that WebSockets have too.
_OF_SOCKETS = frozenset({"name", "host", "version", "version_prefix", "middleware", "skip", "permission"})


def freeze(app: Recorded) -> Plan:
    """The plan of ``app``. Raises FreezeError with everything that is wrong."""
    return _Freezing(app).plan()


class _Freezing:
    """What has been gathered so far."""

    def __init__(self, root: Recorded) -> None:
        self.root = root
        self.problems: list[str] = []
        self.sites = Sites(self.problems)
        self.endpoints: list[Endpoint] = []
        self.routes: dict[str, list[NamedRoute]] = {}
        self.spans: list[Span] = []
        self.living: list[Recorded] = []
        self.forest = Forest(self.problems)
        self.unused: list[Attached] = []
        self.injection = Injection(root, self.problems)
        self.included = IncludedNames()
        #: Whether a middleware around everything opens a scope for what is provided.
        self.opens = False
        self.tasks: list[TaskRecord] = []

    def plan(self) -> Plan:
        root = self.root
        set_up_all(root)
        configure_paths(root, self.problems)
        settle(root, self.problems)
        providers = self.injection.view(root, None)
        errors = error_handlers_of(root, self.injection, providers)
        middleware, hooks = supplied(root, self.injection, providers)
        on_error = self._answering(errors, (root,))
        self.opens = any(one.opens for one in middleware)
        self._declare(Scope(root, (), "", None, (), (), (), errors, on_error, BUILT_IN, {}, {}, providers))
        for scope, route in self.forest.routes():
            self._add(scope, route)
        for hook in self.unused:
            self.problems.append(
                f"{hook.place}: a hook is put on {hook.target!r}, which is no handler of this app"
            )
        self.injection.check()
        if self.injection.lives:
            self.spans.insert(0, self.injection.registry.held)
        matcher, find = self.sites.finish()
        self.problems += [*clashes(self.tasks), *misspelt_sections(self.living)]
        if self.problems:
            raise FreezeError(self.problems)
        for app in self.living:
            app.declared.frozen = True
        found, stack = find or finder(matcher), around(root, middleware, hooks, on_error)
        endpoints = [one for one in self.endpoints if one.options.build_only or one in self.sites.answering]
        answer = around_all(stack, dispatcher(matcher, find, on_error), endpoints, found, on_error)
        handle = carried(root, answer)
        life = life_of(root, self.living, self.spans, self.tasks)
        plan = Plan(root, handle, found, endpoints, self.routes, life=life, injection=self.injection)
        plan.middleware = tuple(root.declared.middleware)
        plan.checks = tuple([check for app in self.living for check in app.declared.checks])
        plan.templates = tuple([folder for app in self.living for folder, _ in app.declared.templates])
        return plan

    def _answering(self, errors: ErrorHandlers, apps: Sequence[Recorded]) -> OnError:
        return telling_errors(apps, answering(self.root, errors))

    # --- the tree of apps ----------------------------------------------------------------------------------------

    def _declare(self, scope: Scope) -> None:
        app = scope.app
        scope = scope._replace(
            converters={**scope.converters, **app.declared.converters},
            defaults=layered(scope.defaults, app.defaults),
            predicates={**scope.predicates, **app.declared.predicates},
            permits=permits_of(app, self.problems) or scope.permits,
            hooks=(*scope.hooks, *app.declared.hooks),
            url_values=(*scope.url_values, *[one for one, _ in app.declared.url_values]),
            url_defaults=(*[one for one, _ in app.declared.url_defaults], *scope.url_defaults),
            formats={**scope.formats, **app.declared.formats},
        )
        self._add_spans(app, scope.providers)
        for record in app.declared.routes:
            self._add(scope, record)

    def _add(self, scope: Scope, record: Record) -> None:
        try:
            if isinstance(record, Route):
                self._add_route(scope, record)
            elif isinstance(record, Included):
                self._include(scope, record)
            elif isinstance(record, SocketRoute):
                self._add_socket(scope, record)
            elif isinstance(record, Mounted):
                self._mount(scope, record)
            elif isinstance(record, View):
                self.forest.add_view(scope, record)
            elif isinstance(record, Traverse):
                template = parse_template(join(scope.prefix, record.at), scope.converters)
                for route in self.forest.add_tree(scope, record, template):
                    self._add_route(scope, route)
            elif isinstance(record, ByPlugin):
                inner = scope._replace(level=(*scope.level, f"plugin {record.plugin}"))
                for one in record.routes:
                    self._add(inner, one)
            else:
                if isinstance(record, Compiles):
                    record.compile = functools.partial(self._find_among, scope)
                    record.offers = self.injection.offers(scope.providers)
                # What is found by something else has that around it, and so its middleware.
                inner = scope._replace(middleware=(), url_values=())
                for one in record.records():
                    self._add(inner if isinstance(one, Route) and one.into else scope, one)
        except (InvalidTemplate, InvalidPredicate, InvalidOption, msgspec.ValidationError) as error:
            self.problems.append(f"{record.place}: {error}")
        except HandlerError as error:
            self.problems.append(str(error))

    def _find_among(self, scope: Scope, records: Iterable[Route], within: bool) -> Find:
        """What finds among routes that a handler of this scope leads to: they are no part of the plan."""
        inner = _Freezing(self.root)
        inner.injection = self.injection
        inner.opens = True  # what leads there may be provided with objects too
        host = scope.host_template(None)
        outer = (*parse_template(scope.prefix or "/", scope.converters).names, *(host.names if host else ()))
        scope = scope._replace(prefix=scope.prefix if within else "", middleware=())
        for record in records:
            calling = record.calling._replace(outer=(*outer, *record.calling.outer))
            inner._add(scope, record if within else record._replace(calling=calling))
        if inner.problems:
            raise FreezeError(inner.problems)
        matcher, find = inner.sites.finish()
        return find or finder(matcher)

    def _add_spans(self, app: Recorded, view: ProvidersOf) -> None:
        if app in self.living:  # included at two places, it lives once
            return
        self.living.append(app)
        self.unused += app.declared.hooks
        self.problems += app.declared.problems
        if app.declared.commands:
            from segue.core.plugins.commands import command_conflicts

            self.problems += command_conflicts(app.declared.commands)
        self.spans += spans_of(app, self.injection, view)
        self.tasks += tasks_of(app, self.injection, view)

    def _include(self, scope: Scope, record: Included) -> None:
        app: Recorded = record.app
        if app is scope.app or app in scope.above:
            self.problems.append(f"{record.place}: the app {app.name!r} includes itself")
            return
        name = record.name or app.name
        if not self.included.take((*scope.names, name), record, self.problems):
            return
        set_up(app, (*scope.above, scope.app))
        settle(app, self.problems)
        providers = self.injection.view(app, scope.providers)
        errors = error_handlers_of(app, self.injection, providers).within(scope.errors)
        on_error = self._answering(errors, (*scope.above, scope.app, app))
        outer = supplied_stack(record.middleware, self.injection, scope.providers)
        own = around(app, *supplied(app, self.injection, providers), on_error)
        self._declare(
            scope._replace(
                app=app,
                above=(*scope.above, scope.app),
                prefix=join(scope.prefix, record.at),
                host=record.options.get("host") or scope.host,
                names=(*scope.names, name),
                middleware=(*scope.middleware, *outer, *own),
                defaults=layered(
                    scope.defaults, {key: value for key, value in record.options.items() if key != "host"}
                ),
                level=(*scope.level, record),
                errors=errors,
                on_error=on_error,
                providers=providers,
            )
        )

    # --- routes --------------------------------------------------------------------------------------------------

    def _add_route(self, scope: Scope, record: Route) -> None:
        options = scope.options(record.options)
        record = self._hooked(scope, record)
        endpoint, template, renames = self._endpoint(scope, record, record.methods, options)

        taken = taking_values(scope.url_values, renames)
        renames = {} if taken else renames

        def prepare() -> None:
            stages = self._stages(scope, record, endpoint, template)
            on_error = reraise if stages else scope.on_error
            compiled = compile_http(
                endpoint, template, {} if stages else renames, self.injection, on_error, shared=stages.share
            )
            endpoint.prepare(wrapped(compiled, endpoint, _inside(stages, taken, template, renames)))

        self._wire(scope, record, endpoint, template, prepare)
        for one in with_suffixes(record, endpoint):
            self._add_route(scope, one)

    def _add_socket(self, scope: Scope, record: SocketRoute) -> None:
        from segue.core.results.websockets import websocket_endpoint

        if not is_async(record.handler):
            raise HandlerError(f"{record.place}: the handler of a WebSocket has to be an `async def`")
        given: dict[str, Any] = dict(record.options)
        known: dict[str, Any] = {key: given.pop(key) for key in _OF_SOCKETS if key in given}
        options = scope.options(known, auto_head=False, timeout=None, on_disconnect="cancel")
        record = self._hooked(scope, record)
        endpoint, template, renames = self._endpoint(scope, record, (SOCKET,), options)
        endpoint.kind = "websocket"
        taken = taking_values(scope.url_values, renames)
        renames = {} if taken else renames
        bind = telling_sockets((*scope.above, scope.app))

        def prepare() -> None:
            stages = self._stages(scope, record, endpoint, template)
            renamed = {} if stages else renames
            compiled = compile_socket(endpoint, template, renamed, self.injection, shared=stages.share)

            def make() -> Call:
                session = bind(compiled())
                return guarded(websocket_endpoint(session, **given), reraise if stages else scope.on_error)

            endpoint.prepare(wrapped(make, endpoint, _inside(stages, taken, template, renames)))

        self._wire(scope, record, endpoint, template, prepare)

    def _wire(
        self,
        scope: Scope,
        record: Route | SocketRoute,
        endpoint: Endpoint,
        template: Template,
        prepare: Callable[[], None],
    ) -> None:
        """Prepares the endpoint; and again when other providers stand in (``app.overriding``)."""

        def again() -> None:
            host = scope.host_template(endpoint.options.host)
            endpoint.wiring = self._signature(scope, record, endpoint, template, host)[2]
            prepare()

        prepare()
        if scope.providers:
            self.injection.wired.append(again)

    def _mount(self, scope: Scope, record: Mounted) -> None:
        from segue.server.mount import mounted

        options = scope.options({}, timeout=None, slashes="strict")
        prefix = (options.version_path + join(scope.prefix, record.at)).rstrip("/")
        if "{" in prefix:
            raise InvalidTemplate(f"the place of a mounted app has no parameters: {prefix!r}")
        application = mounted(record.foreign)
        self.spans.append(application_span(application))
        name = getattr(record.foreign, "__name__", type(record.foreign).__name__)
        endpoint = Endpoint(self.root, f"mount of {name}", record.foreign, record.place, options)
        endpoint.kind = "mount"
        endpoint.path = f"{prefix}/{{path:path}}"
        endpoint.on_error = scope.on_error
        host = scope.host_template(record.host)
        self._place(endpoint, scope, record.place, host)
        call = guarded(mounted_call(application, prefix), scope.on_error)
        guards = guards_of(endpoint, self.injection, scope.providers, ("path",))
        inner = (lambda: guarding_mount(guards, self.injection, endpoint)) if guards.steps else None
        endpoint.call = wrapped(lambda: call, endpoint, inner)()
        for path in (prefix, f"{prefix}/", endpoint.path):
            if path:
                self.sites.place(parse_template(path, scope.converters), host, (), endpoint)
        self.endpoints.append(endpoint)

    def _place(self, endpoint: Endpoint, scope: Scope, declared: Source, host: Template | None) -> None:
        """Tells ``endpoint`` where it stands."""
        endpoint.declared = declared
        endpoint.host = None if host is None else host.text.removeprefix("/").replace("/", ".")
        endpoint.apps = (*scope.above, scope.app)
        endpoint.level = scope.level
        options = endpoint.options
        added = (*caching(options.cache), *guard(options.permission, scope.permits, declared))
        outer = (*scope.middleware, *[Around(one, declared, is_internal=True) for one in added])
        root = self.root.declared.middleware
        stack = around_route(root, outer, endpoint.options, declared, self.problems)
        endpoint.middleware = tuple(supplied_stack(stack, self.injection, scope.providers))

    def _endpoint(
        self, scope: Scope, record: Route | SocketRoute, methods: Sequence[str], options: Options
    ) -> tuple[Endpoint, Template, dict[str, str]]:
        """The endpoint of a route, in its place; its template, and how other templates call its parameters."""
        handler = record.handler
        own = options.name or str(getattr(handler, "__name__", type(handler).__name__))
        # A name with a dot says all of it.
        name = own if "." in own else ".".join((*(scope.names or (scope.app.name,)), own))
        if options.suffix is not None:
            own, name = f"{own}.{options.suffix}", f"{name}.{options.suffix}"
        endpoint = Endpoint(self.root, name, handler, source_of(handler, record.place), options)
        prefix = options.version_path + scope.prefix
        template = parse_template(join(prefix, record.path), scope.converters)
        host = scope.host_template(options.host)
        endpoint.on_error = scope.on_error
        endpoint.conditions = read_conditions(msgspec.structs.asdict(options), scope.predicates)
        self._place(endpoint, scope, record.place, host)
        endpoint.path = template.text
        endpoint.methods = tuple(methods)
        endpoint.arguments = record.calling.taking
        signature = self._signature(scope, record, endpoint, template, host)
        endpoint.parameters, endpoint.returns, endpoint.wiring = signature
        endpoint.formats = formats_of(endpoint, scope.formats, record.place)
        endpoint.bodies = bodies_of(options, accepted(options.accepts, scope.formats, record.place))
        into = record.into if isinstance(record, Route) else None
        renames = {} if options.build_only else (into or self.sites).place(template, host, methods, endpoint)
        self.endpoints.append(endpoint)
        if into is not None:  # no path of its own, so none to write
            self.sites.answering.add(endpoint)
            return endpoint, template, renames
        route = NamedRoute(template, host, endpoint, scope.url_defaults)
        self.routes.setdefault(name, []).append(route)
        if not scope.names and name != own:
            self.routes.setdefault(own, []).append(route)
        return endpoint, template, renames

    def _hooked(self, scope: Scope, record: R) -> R:
        """The record with all of its hooks."""
        handler, calling, used = hooked(record.handler, record.calling, scope.hooks)
        self.unused = [one for one in self.unused if one not in used]
        return record._replace(handler=handler, calling=calling)

    def _stages(
        self, scope: Scope, record: Route | SocketRoute, endpoint: Endpoint, template: Template
    ) -> Stages:
        """The hooks of the handler, and what makes its object."""
        host = scope.host_template(endpoint.options.host)

        def read(function: Callable[..., Any], calling: Calling) -> Needs:
            route = record._replace(handler=function, calling=calling)
            parameters, _, wiring = self._signature(scope, route, endpoint, template, host, own=())
            given = isinstance(record, Route) and record.into is not None
            return Needs(as_given(parameters) if given else parameters, wiring)

        names = template.names if host is None else (*template.names, *host.names)
        guards = guards_of(endpoint, self.injection, scope.providers, names)
        stages = Stages(endpoint, record.calling, self.injection, read, guards)
        opened = self.opens or any(one.opens for one in endpoint.middleware)
        if opened or (isinstance(record, Route) and record.into is not None):
            # What leads to it may be provided with objects as well.
            stages.share = stages.share or endpoint.wiring.per_request
        return stages

    def _signature(
        self,
        scope: Scope,
        record: Route | SocketRoute,
        endpoint: Endpoint,
        template: Template,
        host: Template | None,
        own: Sequence[str] | None = None,
    ) -> tuple[tuple[Parameter, ...], Any, Wiring]:
        if scope.url_values or (isinstance(record, Route) and record.into is not None):
            own = ()
        if own is None:
            is_whole = template.text == record.path
            own = template.names if is_whole else parse_template(record.path, scope.converters).names
        path_names = template.names if host is None else (*template.names, *host.names)
        path_names = (*path_names, *record.calling.outer)
        parameters, returns = read_signature(
            record.handler,
            path_names=path_names,
            place=endpoint.place,
            names=record.names,
            app_type=type(self.root),
            calling=record.calling,
            offers=self.injection.offers(scope.providers),
        )
        wiring = self.injection.wire(parameters, scope.providers, path_names)
        taken = (*parameters, *wiring.inputs)
        check_path_used(record.handler, own, taken, record.calling, endpoint.place)
        return parameters, returns, wiring


def _inside(
    stages: Stages, taken: tuple[MiddlewareLike, ...], template: Template, renames: Mapping[str, str]
) -> Callable[[], list[MiddlewareLike]] | None:
    """What is inside of the middleware of an endpoint, around its handler; None for nothing."""
    if not (stages or taken):
        return None
    return lambda: [*taken, *stages.compiled(path_kinds(template), renames)]

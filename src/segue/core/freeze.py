"""From what an app has recorded to its plan; all that is wrong is reported at once."""

import functools
from collections.abc import Iterable, Sequence

import msgspec

from segue.core.binding.parameters import HandlerError
from segue.core.branches import Branch, join
from segue.core.errors.handlers import ErrorHandlers
from segue.core.handlers import OnError
from segue.core.identity import identifies_of
from segue.core.life.lifespan import Span
from segue.core.life.lives import clashes, life_of
from segue.core.life.receivers import settle
from segue.core.life.records import TaskRecord
from segue.core.life.requesthooks import around, telling_errors
from segue.core.life.surroundings import InvalidOption
from segue.core.middleware.pipeline import answering
from segue.core.middleware.stacks import around_all, carried
from segue.core.options import layered
from segue.core.pages.templating import templating_of
from segue.core.plan import FreezeError, Plan
from segue.core.plugins.setup import set_up, set_up_all
from segue.core.providing.providers import ProvidersOf
from segue.core.providing.supplying import error_handlers_of, spans_of, supplied, supplied_stack, tasks_of
from segue.core.providing.wiring import Injection
from segue.core.records import (
    ByPlugin,
    Compiles,
    Included,
    Mounted,
    Record,
    Recorded,
    Route,
    SocketRoute,
)
from segue.core.routes import Routes
from segue.core.routing.converters import BUILT_IN
from segue.core.routing.dispatch import Find, dispatcher, finder
from segue.core.routing.includednames import IncludedNames
from segue.core.routing.predicates import InvalidPredicate
from segue.core.routing.templates import InvalidTemplate, parse_template
from segue.core.settings.declarations import configure_paths, misspelt_sections
from segue.core.styles.forest import Forest
from segue.core.styles.permissions import permits_of
from segue.core.styles.viewrecords import Traverse, View
from segue.core.texts.speaking import speaking_problems, spoken

__all__ = ["freeze"]


def freeze(app: Recorded) -> Plan:
    """The plan of ``app``. Raises FreezeError with everything that is wrong."""
    return _Freezing(app).plan()


class _Freezing:
    """What has been gathered so far."""

    def __init__(self, root: Recorded, injection: Injection | None = None) -> None:
        self.root = root
        self.problems: list[str] = []
        self.spans: list[Span] = []
        self.living: list[Recorded] = []
        self.forest = Forest(self.problems)
        self.injection = Injection(root, self.problems) if injection is None else injection
        self.routes = Routes(root, self.injection, self.problems)
        self.included = IncludedNames()
        self.tasks: list[TaskRecord] = []

    def plan(self) -> Plan:
        root = self.root
        set_up_all(root)
        known = len(root.declared.routes)
        configure_paths(root, self.problems)
        if len(root.declared.routes) > known:
            set_up_all(root)  # the plugins of apps that the configuration has included
        settle(root, self.problems, root.declared.predicates)
        providers = self.injection.view(root, None)
        errors = error_handlers_of(root, self.injection, providers)
        middleware, hooks = supplied(root, self.injection, providers)
        on_error = self._answering(errors, (root,))
        self.routes.opens = any(one.opens for one in middleware)
        self._declare(Branch(root, (), "", None, (), (), (), errors, on_error, BUILT_IN, {}, {}, providers))
        for branch, route in self.forest.routes():
            self._add(branch, route)
        for hook in self.routes.unused:
            self.problems.append(
                f"{hook.place}: a hook is put on {hook.target!r}, which is no handler of this app"
            )
        self.injection.check()
        if self.injection.lives:
            self.spans.insert(0, self.injection.registry.held)
        sites = self.routes.sites
        matcher, find = sites.finish()
        self.problems += [*clashes(self.tasks), *misspelt_sections(self.living), *speaking_problems(root)]
        if self.problems:
            raise FreezeError(self.problems)
        for app in self.living:
            app.declared.frozen = True
        found, stack = find or finder(matcher), around(root, middleware, hooks, on_error)
        endpoints = [one for one in self.routes.endpoints if one.options.build_only or one in sites.answering]
        answer = around_all(stack, dispatcher(matcher, find, on_error), endpoints, found, on_error)
        handle = carried(root, spoken(root, answer))
        life = life_of(root, self.living, self.spans, self.tasks)
        plan = Plan(root, handle, found, endpoints, self.routes.named, life=life, injection=self.injection)
        plan.middleware = tuple(root.declared.middleware)
        plan.checks = tuple([check for app in self.living for check in app.declared.checks])
        plan.templates = tuple([folder for app in self.living for folder, _ in app.declared.templates])
        return plan

    def _answering(self, errors: ErrorHandlers, apps: Sequence[Recorded]) -> OnError:
        return telling_errors(apps, answering(self.root, errors))

    # --- the tree of apps ----------------------------------------------------------------------------------------

    def _declare(self, branch: Branch) -> None:
        app = branch.app
        branch = branch._replace(
            converters={**branch.converters, **app.declared.converters},
            defaults=layered(branch.defaults, app.defaults),
            predicates={**branch.predicates, **app.declared.predicates},
            permits=permits_of(app, self.problems) or branch.permits,
            identifies=identifies_of(app, self.problems) or branch.identifies,
            around_routes=(*branch.around_routes, *app.declared.around_routes),
            hooks=(*branch.hooks, *app.declared.hooks),
            url_values=(*branch.url_values, *[one for one, _ in app.declared.url_values]),
            url_defaults=(*[one for one, _ in app.declared.url_defaults], *branch.url_defaults),
            formats={**branch.formats, **app.declared.formats},
            templating=templating_of(app, self.problems) or branch.templating,
        )
        self._add_spans(app, branch.providers)
        for record in app.declared.routes:
            self._add(branch, record)

    def _add(self, branch: Branch, record: Record) -> None:
        try:
            if isinstance(record, Route):
                self.routes.add(branch, record)
            elif isinstance(record, Included):
                self._include(branch, record)
            elif isinstance(record, SocketRoute):
                self.routes.add_socket(branch, record)
            elif isinstance(record, Mounted):
                self.spans.append(self.routes.mount(branch, record))
            elif isinstance(record, View):
                self.forest.add_view(branch, record)
            elif isinstance(record, Traverse):
                template = parse_template(join(branch.prefix, record.at), branch.converters)
                for route in self.forest.add_tree(branch, record, template):
                    self.routes.add(branch, route)
            elif isinstance(record, ByPlugin):
                inner = branch._replace(level=(*branch.level, f"plugin {record.plugin}"))
                for one in record.routes:
                    self._add(inner, one)
            else:
                if isinstance(record, Compiles):
                    record.compile = functools.partial(self._find_among, branch)
                    record.offers = self.injection.offers(branch.providers)
                # What is found by something else has that around it, and so its middleware.
                inner = branch._replace(middleware=(), url_values=())
                for one in record.records():
                    self._add(inner if isinstance(one, Route) and one.into else branch, one)
        except (InvalidTemplate, InvalidPredicate, InvalidOption, msgspec.ValidationError) as error:
            self.problems.append(f"{record.place}: {error}")
        except HandlerError as error:
            self.problems.append(str(error))

    def _find_among(self, branch: Branch, records: Iterable[Route], within: bool) -> Find:
        """What finds among routes that a handler of this branch leads to: they are no part of the plan."""
        inner = _Freezing(self.root, self.injection)
        inner.routes.opens = True  # what leads there may be provided with objects too
        host = branch.host_template(None)
        outer = (
            *parse_template(branch.prefix or "/", branch.converters).names,
            *(host.names if host else ()),
        )
        branch = branch._replace(prefix=branch.prefix if within else "", middleware=())
        for record in records:
            calling = record.calling._replace(outer=(*outer, *record.calling.outer))
            inner._add(branch, record if within else record._replace(calling=calling))
        if inner.problems:
            raise FreezeError(inner.problems)
        matcher, find = inner.routes.sites.finish()
        return find or finder(matcher)

    def _add_spans(self, app: Recorded, view: ProvidersOf) -> None:
        if app in self.living:  # included at two places, it lives once
            return
        self.living.append(app)
        self.routes.unused += app.declared.hooks
        self.problems += app.declared.problems
        if app.declared.commands:
            from segue.core.plugins.commands import command_conflicts

            self.problems += command_conflicts(app.declared.commands)
        self.spans += spans_of(app, self.injection, view)
        self.tasks += tasks_of(app, self.injection, view)

    def _include(self, branch: Branch, record: Included) -> None:
        app: Recorded = record.app
        if app is branch.app or app in branch.above:
            self.problems.append(f"{record.place}: the app {app.name!r} includes itself")
            return
        if not issubclass(self.root.request_class, app.request_class):
            wanted = app.request_class.__name__
            self.problems.append(
                f"{record.place}: the app {app.name!r} wants requests of the class {wanted}, but those of the app "
                f"{self.root.name!r}, which is served, are {self.root.request_class.__name__}: write "
                f"App(request={wanted}) there, or a class that is both"
            )
            return
        name = record.name or app.name
        if not self.included.take((*branch.names, name), record, self.problems):
            return
        set_up(app, (*branch.above, branch.app))
        settle(app, self.problems, {**branch.predicates, **app.declared.predicates})
        providers = self.injection.view(app, branch.providers)
        errors = error_handlers_of(app, self.injection, providers).within(branch.errors)
        on_error = self._answering(errors, (*branch.above, branch.app, app))
        outer = supplied_stack(record.middleware, self.injection, branch.providers)
        own = around(app, *supplied(app, self.injection, providers), on_error)
        self._declare(
            branch._replace(
                app=app,
                above=(*branch.above, branch.app),
                prefix=join(branch.prefix, record.at),
                host=record.options.get("host") or branch.host,
                names=(*branch.names, name),
                middleware=(*branch.middleware, *outer, *own),
                defaults=layered(
                    branch.defaults, {key: value for key, value in record.options.items() if key != "host"}
                ),
                level=(*branch.level, record),
                errors=errors,
                on_error=on_error,
                providers=providers,
            )
        )

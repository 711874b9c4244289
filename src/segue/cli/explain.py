"""``segue explain "POST /films"``: what answers a request, and all that it passes on its way."""

import time
from collections.abc import Iterator, Sequence

import click
import msgspec

from segue.cli.loading import frozen_app
from segue.cli.options import option
from segue.cli.session import Session
from segue.cli.table import columns
from segue.cli.words import asked
from segue.core.app import App
from segue.core.inspection.explaining import Explanation, explain as explain_request
from segue.core.inspection.measuring import measuring
from segue.core.inspection.overview import RouteInfo
from segue.core.inspection.words import ParameterInfo
from segue.http.status import phrase
from segue.testing.outgoing import RequestOptions

__all__ = ["explain"]

_INJECTED = {
    "provided": "provided",
    "request": "injected",
    "app": "injected",
    "socket": "injected",
    "formdata": "the whole form",
}


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[APP] [METHOD] PATH")
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--header", "-H", multiple=True, help="A header field of the request, as 'host: example.com'.")
@click.option("--source", is_flag=True, help="Also the function that binds the parameters.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--run", is_flag=True, help="Also send the request, and say what it took: statements, cache, bytes."
)
@click.option("--body", help="The body that --run sends, as JSON.")
@click.pass_context
def explain(
    context: click.Context,
    words: Sequence[str],
    *,
    factory: bool,
    header: Sequence[str],
    source: bool,
    as_json: bool,
    run: bool,
    body: str | None,
) -> None:
    """Say what answers a request: route, middleware, parameters, limits, errors. Nothing is run, unless you say --run.

    Where nothing answers it says why, and what comes near; the exit code is 1 then.

    \b
    segue explain hello:app "POST /films?page=2"
    segue explain /films
    segue explain "POST /films" --run --body '{"title": "Nuages"}'
    """
    app, method, target = asked(context, words)
    frozen = frozen_app(app, factory=factory)
    found = explain_request(frozen, method, target, headers=header_fields(header))
    took = _took(frozen, method, target, header_fields(header), body) if run and found.route else None
    if as_json:
        told = found if took is None else {**msgspec.to_builtins(found), "took": dict(took)}
        click.echo(msgspec.json.format(msgspec.json.encode(told)).decode())
    else:
        for line in _lines(found, with_source=source):
            click.echo(line)
        for name, lines in took or ():
            click.echo(f"\n{name}")
            for line in lines:
                click.echo(f"  {line}")
    if found.route is None:
        context.exit(1)


def _took(
    app: App, method: str, target: str, headers: dict[str, str], body: str | None
) -> list[tuple[str, Sequence[str]]]:
    """What the request took, sent once in this process; the first section is the reply."""
    options: RequestOptions = {"headers": headers}
    if body is not None:
        options |= {"content": body.encode(), "headers": {"content-type": "application/json", **headers}}

    async def send() -> list[tuple[str, Sequence[str]]]:
        with measuring(app) as measured:
            started, used = time.perf_counter(), time.process_time()
            reply = await session.client.request(method, target, **options)
            used, seconds = time.process_time() - used, time.perf_counter() - started
        kind = reply.headers.get("content-type") or "no content"
        line = f"{reply.status} {phrase(reply.status)}, {len(reply.content):,} bytes of {kind}"
        return [
            ("reply", [line, f"{seconds * 1000:.1f} ms, {used * 1000:.1f} of them computing"]),
            *measured(),
        ]

    with Session(app) as session:
        return session.run(send())


def header_fields(given: Sequence[str]) -> dict[str, str]:
    """``name: value`` texts as fields. Raises click.UsageError."""
    found = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f"A header field is written 'name: value', not {text!r}.")
        found[name.strip().lower()] = value.strip()
    return found


def _lines(found: Explanation, *, with_source: bool) -> Iterator[str]:
    if found.route is None:
        yield f"{found.request} is answered by nobody: {found.status} {phrase(found.status)}, {found.reason}"
        yield from _alternatives(found)
        if found.near:
            yield "\nnear"
            yield from [f"  {one}" for one in found.near]
        yield from _middleware(found)
        return
    route = found.route
    yield f"{found.request} is answered by {route.name}"
    yield ""
    yield from columns(list(_about(route, found)), indent="  ")
    yield from _alternatives(found)
    yield from _middleware(found)
    if route.parameters:
        yield "\nparameters"
        yield from columns([_parameter(one, found.values) for one in route.parameters], indent="  ")
    if found.hooks:
        yield "\nhooks"
        hooks = [(one.kind, one.name, one.place, f"of {one.app}") for one in found.hooks]
        yield from columns(hooks, indent="  ")
    yield from _providers(route)
    if found.limits:
        yield "\nlimits"
        yield from columns(list(found.limits.items()), indent="  ")
    if found.errors:
        yield "\nother answers"
        rows = [(str(one.status), phrase(one.status), one.when) for one in found.errors]
        yield from columns(rows, indent="  ")
    if found.error_handlers:
        yield "\nerror handlers, the first that fits"
        handlers = [(one.what, one.handler, one.place, f"of {one.app}") for one in found.error_handlers]
        yield from columns(handlers, indent="  ")
    if with_source and found.source:
        yield "\nsource"
        yield from [f"  {line}" for line in found.source.splitlines()]


def _about(route: RouteInfo, found: Explanation) -> Iterator[tuple[str, str]]:
    methods = ", ".join(route.methods) or "any method"
    yield "route", f"{methods} {route.path}" + (f" of the host {route.host}" if route.host else "")
    yield "declared", route.declared
    yield "handler", f"{route.handler} ({route.place})"
    if route.kind == "mount":
        yield "kind", "a mounted application: all below this path is its own"
        return
    yield "runs", "on the event loop" if route.runs == "loop" else "in a thread of the pool"
    if len(route.apps) > 1:
        yield "app", " > ".join(route.apps)
    if route.kind == "websocket":
        yield "result", "101, a WebSocket"
    else:
        returns = f", a {route.returns}" if route.returns else ""
        yield "result", f"{found.status} {phrase(found.status)}{returns}"
    if route.formats:
        yield "formats", ", ".join(route.formats) + ", as the client prefers"
    if route.accepts:
        yield "accepts", ", ".join(route.accepts)
    if options := [f"{name}={value!r}" for name, value in route.options.items()]:
        yield "options", ", ".join(options)


def _providers(route: RouteInfo) -> Iterator[str]:
    if route.guards:
        yield "\nguards, in the order in which they are asked"
        yield from columns([(one.name, one.place) for one in route.guards], indent="  ")
    if route.providers:
        yield "\nprovided, in the order in which it is made"
        rows = [(one.provides, f"for the {one.life}", one.place) for one in route.providers]
        yield from columns(rows, indent="  ")


def _alternatives(found: Explanation) -> Iterator[str]:
    if found.alternatives:
        yield "\nchosen among, the first whose conditions hold"
        rows = [
            (">" if found.route == one else "", one.name, one.conditions or "no condition", one.place)
            for one in found.alternatives
        ]
        yield from columns(rows, indent="  ")


def _middleware(found: Explanation) -> Iterator[str]:
    if found.middleware:
        yield "\nmiddleware, in the order of the way in"
        rows = [
            (str(number), one.name, one.place, f"of {one.app}")
            for number, one in enumerate(found.middleware, 1)
        ]
        yield from columns(rows, indent="  ")


def _parameter(one: ParameterInfo, values: dict[str, str]) -> tuple[str, ...]:
    if one.origin in _INJECTED:
        return one.name, _INJECTED[one.origin], "", one.type, ""
    wire = one.wire if one.wire != one.name else ""
    if one.origin == "path" and one.name in values:
        need = f"here {values[one.name]!r}"
    else:
        need = "required" if one.required else f"default {one.default}"
    return one.name, one.origin, wire, one.type, need

"""Writes the lines that make what a handler is provided with, into the function of its endpoint."""

from collections.abc import Callable
from typing import Any, NamedTuple

from segue.core.binding.parameters import Parameter
from segue.core.providing.exits import NOTHING, InThread, Postponed, keep, leave, no_yield
from segue.core.providing.inonethread import InOneThread
from segue.core.providing.scope import scope_of
from segue.core.providing.steps import Step, Wiring
from segue.core.providing.wiring import Injection

__all__ = ["Injected", "injected"]


class Injected(NamedTuple):
    """``lines`` make all objects, but for those that ``late`` makes in the thread of the handler.

    ``cleans``: some of them are put into ``exits``; ``shared``: those are of the scope.
    """

    lines: list[str]
    late: list[str]
    cleans: bool
    shared: bool
    names: dict[str, Any]


# PERF(injecting): three providers of a request cost 0.4 us as classes, 0.5 us as async functions, 1.6 us as generators on
# the loop, 2.3 us as async generators, clean-up included; 0.1 us where they live with the app. Each is a line of the
# endpoint's function with the values in local variables; looked up in a container it would be 4 us and more.


def injected(wiring: Wiring, injection: Injection, *, in_thread: bool, shared: bool) -> Injected:
    """The text for ``wiring``. ``in_thread``: the handler runs in a thread. ``shared``: middleware is provided with
    objects too, so that those of the request live in a scope around both.
    """
    if not wiring.steps:
        return Injected([], [], False, False, {})
    registry, threads = injection.registry, injection.app.threads
    names: dict[str, Any] = {
        "alive": registry.values,
        "bring": registry.bring,
        "nothing": NOTHING,
        "no_yield": no_yield,
        "leave": leave,
        "keep": keep,
        "InThread": InThread,
        "Postponed": Postponed,
        "the_app": injection.app,
        "scope_of": scope_of,
        "run": threads.run,
        "take": threads.take,
    }
    own = [step for step in wiring.steps if step.provider.life == "request"]
    shared = shared and bool(own)
    cleans = any(step.provider.cleans for step in own)
    late = _late(wiring) if in_thread and not shared else set()
    lines: list[str] = []
    if shared:
        lines += ["scope = scope_of(request)", "values, exits = scope.values, scope.exits"]
    if cleans and (in_thread or any(step.provider.runs == "thread" for step in own)):
        # Who will need a thread takes its place before it takes anything else: nobody who holds a connection of a
        # pool waits for the threads of those who wait for a connection.
        # What is cleaned up in a thread after the response needs its place until then.
        postponed = any(step.provider.postponed and step.provider.runs == "thread" for step in own)
        if shared:
            lines.append(f"run = await scope.run_in_place({'postponed=True' if postponed else ''})")
        else:
            place = "Postponed(place, request)" if postponed else "place"
            lines += ["place = await take()", f"exits.append({place})", "run = place.run"]
    inner: list[str] = []
    for step in wiring.steps:
        if step.number in late:
            inner += _lines_in_thread(step, names)
        else:
            lines += _lines(step, names, shared=shared)
    for name, step in wiring.given.items():
        (inner if step.number in late else lines).append(f"p_{name} = {_value(step)}")
    if inner:
        names["InOneThread"] = InOneThread
        lines.append("thread = InOneThread(run)")
        if cleans:
            lines.append("exits.append(thread)")
    return Injected(lines, inner, cleans and not shared, shared, names)


def _late(wiring: Wiring) -> set[int]:
    """The steps that can be taken in the thread of the handler: those that nothing on the loop waits for."""
    early: set[int] = set()

    def keep_early(step: Step) -> None:
        early.add(step.number)
        for one in step.arguments.values():
            if isinstance(one, Step):
                keep_early(one)

    for step in wiring.steps:
        if step.provider.life == "app" or step.provider.runs == "await" or step.provider.postponed:
            keep_early(step)
    late = [step for step in wiring.steps if step.number not in early]
    # Where none of them asks for a thread, the loop is as good.
    return {step.number for step in late} if any(one.provider.runs == "thread" for one in late) else set()


def _lines_in_thread(step: Step, names: dict[str, Any]) -> list[str]:
    """The lines for a step that is taken in the thread of the handler."""
    value, make, key = _value(step), f"make_{step.number}", f"provider_{step.number}"
    names[make], names[key] = step.provider.make, step.provider
    arguments = ", ".join(f"{name}={_argument(one)}" for name, one in step.arguments.items())
    if not step.provider.cleans:
        return [f"{value} = {make}({arguments})"]
    return [
        f"held = {make}({arguments})",
        f"{value} = next(held, nothing)",
        f"if {value} is nothing:",
        f"    raise no_yield({key})",
        "thread.entered.append(held)",
    ]


def _lines(step: Step, names: dict[str, Any], *, shared: bool) -> list[str]:
    provider, value = step.provider, _value(step)
    make, key = f"make_{step.number}", f"provider_{step.number}"
    names[make], names[key] = provider.make, provider
    if provider.life == "app":
        return [
            f"{value} = alive.get({key}, nothing)",
            f"if {value} is nothing:",
            f"    {value} = await bring({key})",
        ]
    arguments = ", ".join(f"{name}={_argument(one)}" for name, one in step.arguments.items())
    call = f"{make}({arguments})"
    way_out = "Postponed(held, request)" if provider.postponed else "held"
    if not provider.cleans:
        lines = [f"{value} = {_CALLS[provider.runs](make, arguments)}"]
    elif provider.runs == "thread":
        lines = [
            f"held = InThread({call}, run)",
            f"exits.append({way_out})",
            f"{value} = await held.enter()",
            f"if {value} is nothing:",
            f"    raise no_yield({key})",
        ]
    else:
        enter = "await anext" if provider.runs == "await" else "next"
        lines = [
            f"held = {call}",
            f"{value} = {enter}(held, nothing)",
            f"if {value} is nothing:",
            f"    raise no_yield({key})",
            f"exits.append({way_out})",
        ]
    if not shared:
        return lines
    return [
        f"{value} = values.get({key}, nothing)",
        f"if {value} is nothing:",
        *[f"    {line}" for line in lines],
        f"    values[{key}] = {value}",
    ]


_CALLS: dict[str, Callable[[str, str], str]] = {
    "loop": lambda make, arguments: f"{make}({arguments})",
    "await": lambda make, arguments: f"await {make}({arguments})",
    "thread": lambda make, arguments: (
        f"await run({make}, {arguments})" if arguments else f"await run({make})"
    ),
}


def _value(step: Step) -> str:
    return f"v_{step.number}"


def _argument(argument: Parameter | Step) -> str:
    if isinstance(argument, Step):
        return _value(argument)
    injected = {"request": "request", "app": "the_app", "formdata": "form"}
    return injected.get(argument.origin) or f"p_{argument.name}"

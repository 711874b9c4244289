"""All checks of an app: Segue's own, those of the app and its plugins, and the comments that silence them."""

import asyncio
import inspect
import linecache
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from segue.core.app import App
from segue.core.binding.parameters import HandlerError
from segue.core.inspection.checks.deploying import deploy_findings
from segue.core.inspection.checks.finding import Finding, found_at
from segue.core.inspection.checks.guards import unguarded
from segue.core.inspection.checks.links import dead_links
from segue.core.inspection.checks.loop import blocking_calls, lost_coroutines
from segue.core.inspection.checks.routes import route_findings
from segue.core.inspection.checks.subjects import Subject, apps_of, subjects_of
from segue.core.plan import FreezeError, Plan
from segue.core.plugins.commands import command_parameters
from segue.core.records import Own
from segue.core.source import Source
from segue.server.frames import is_users

__all__ = ["check_app", "is_silenced"]

_PLACE = re.compile(r"([\w.-]+\.py):([0-9]{1,7})")
_IGNORE = re.compile(r"#\s*segue:\s*ignore(?:\[(?P<codes>[^\]]*)\])?")


def check_app(app: App, *, deploy: bool = False) -> list[Finding]:
    """What is wrong with ``app``, by file and line; nothing of it runs but the checks that it declares.

    ``deploy``: also what must not be where others can reach it. Where it cannot be frozen, the problems of the FreezeError are among the findings.
    """
    plan, found = _frozen(app)
    subjects = subjects_of(app, plan)
    found += blocking_calls(subjects)
    found += lost_coroutines(subjects)
    if plan is not None:
        found += route_findings(plan)
        found += dead_links(app, plan, _modules(subjects))
        found += _unprovided(app, plan)
        found += unguarded(plan)
        if deploy:
            found += deploy_findings(app, _file_of(app))
        for one in plan.checks:
            if deploy or not one.deploy:
                found += _own(app, one)
    return sorted({one for one in found if not is_silenced(one)})


def _frozen(app: App) -> tuple[Plan | None, list[Finding]]:
    try:
        return app.freeze(), []
    except FreezeError as error:
        return None, [_of_problem(app, text) for text in error.problems]


def _of_problem(app: App, text: str) -> Finding:
    """A problem of a FreezeError at the first place that it names."""
    place = _PLACE.search(text)
    if place is None:
        return Finding(_file_of(app), 1, "cannot-start", text)
    name, line = place[1], int(place[2])
    files = [
        str(module.__file__) for module in list(sys.modules.values()) if getattr(module, "__file__", None)
    ]
    file = next((one for one in files if Path(one).name == name and is_users(one)), name)
    return Finding(file, line, "cannot-start", text)


def _file_of(app: App) -> str:
    holders = (
        str(module.__file__)
        for module in list(sys.modules.values())
        if isinstance(module, ModuleType)
        and getattr(module, "__file__", None)
        and any(one is app for one in vars(module).values())
    )
    return next((one for one in holders if Path(one).name != "__init__.py"), app.name)


def _modules(subjects: Iterable[Subject]) -> list[ModuleType]:
    """The modules that the functions of an app are written in."""
    names = dict.fromkeys(one.function.__module__ for one in subjects)
    found = [sys.modules[name] for name in names if name in sys.modules]
    return [one for one in found if getattr(one, "__file__", None)]


def _unprovided(app: App, plan: Plan) -> Iterator[Finding]:
    """Commands whose parameters nothing provides: routes are known to be complete, as the app could be frozen."""
    injection = plan.injection
    for one in (command for each in apps_of(app) for command in each.declared.commands):
        if not inspect.isfunction(one.run):
            continue
        given = frozenset(each.name for each in command_parameters(one) if each.origin != "injected")
        try:
            injection.needs_of(one.run, injection.views[0], given)
        except HandlerError as error:
            yield found_at(one.place, "not-provided", str(error))


def _own(app: App, check: Own) -> Iterator[Finding]:
    """What a check of the app or of a plugin finds."""
    result: Any = check.function(app) if inspect.signature(check.function).parameters else check.function()
    if inspect.isawaitable(result):
        result = asyncio.run(_awaited(result))
    for one in result or ():
        if isinstance(one, Finding):
            yield one
        elif isinstance(one, tuple):
            yield found_at(Source(*check.place), *one)
        elif isinstance(one, str):
            yield found_at(Source(*check.place), check.name.replace("_", "-"), one)
        else:
            raise TypeError(
                f"the check {check.name} ({check.place}) found {one!r:.80}: a check gives findings, or texts"
            )


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def is_silenced(one: Finding) -> bool:
    """Whether a comment on its line says that it is meant so."""
    comment = _IGNORE.search(linecache.getline(one.file, one.line))
    if comment is None:
        return False
    codes = comment["codes"]
    return codes is None or one.code in [code.strip() for code in codes.split(",")]

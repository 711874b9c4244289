"""What an application is, as JSON: what has to be the same before and after. Runs in a process of its own.

    python -m segue.cli.growing.portrait app.py

Places in files are left out, as moving changes them; of the folders that the app reads, what is in them counts, not where they are.
"""

import dataclasses
import enum
import hashlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from segue.cli.loading import frozen_app
from segue.core.app import App
from segue.core.inspection.overview import inspect_app
from segue.core.records import Recorded, included

if TYPE_CHECKING:
    from segue.db import Database

__all__ = ["Portrait", "portrait_of"]


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """An application: what it does, and what the names of its module stand for.

    ``routes``: what ``segue routes --json`` says. ``documents``: the bytes of its OpenAPI documents. ``tables``: the statements that make the tables of each of
    its databases, and the revisions in its folder. ``around``: everything else that it declares.
    """

    name: str
    #: The line that makes it.
    place: tuple[str, int]
    #: The names of its plugins, those that others bring too.
    plugins: list[str]
    #: The addresses of its databases, by their names.
    databases: dict[str, str]
    routes: dict[str, Any]
    documents: list[str]
    tables: dict[str, list[str]]
    around: dict[str, list[str]]
    #: Apps by the names of variables.
    apps: dict[str, str]
    #: Functions that belong to an app, and what the app calls them: `from segue import get`.
    bound: dict[str, str]
    #: Classes by name: "model", "data" or "other".
    classes: dict[str, str]


def portrait_of(target: str, *, factory: bool = False) -> Portrait:
    """Loads an application and says what it is. Raises click.ClickException for what does not load."""
    app = frozen_app(target, factory=factory)
    names = _names_of_module(app, target)
    return Portrait(
        name=app.name,
        place=(app.place.file, app.place.line),
        plugins=[str(getattr(one.plugin, "name", "")) for one in app.declared.plugins],
        databases={one.name: str(one.url) for one in _databases(app)},
        routes=_without_places(msgspec.to_builtins(inspect_app(app))),
        documents=list(_documents(app)),
        tables=dict(_tables(app)),
        around=_around(app),
        apps={name: value.name for name, value in names.items() if isinstance(value, App)},
        bound={
            name: str(value.__name__)
            for name, value in names.items()
            if isinstance(getattr(value, "__self__", None), App)
        },
        classes={
            name: _class_kind(value)
            for name, value in names.items()
            if isinstance(value, type) and not isinstance(value, types.GenericAlias)
        },
    )


def _names_of_module(app: App, target: str) -> dict[str, Any]:
    """The names of the module that was loaded: the one of the file that the target names."""
    file = Path(target.rpartition(".py")[0] + ".py").resolve()
    for module in list(sys.modules.values()):
        found = getattr(module, "__file__", None)
        if found is not None and Path(found).resolve() == file and module.__name__ != "__main__":
            return dict(vars(module))
    # A program that calls app.run() is left there, and its module is forgotten; the functions of the app have not forgotten it.
    for endpoint in app.plan.endpoints:
        known = getattr(endpoint.handler, "__globals__", {})
        if Path(str(known.get("__file__", ""))).resolve() == file:
            return dict(known)
    return {}


def _class_kind(kind: type) -> str:
    if hasattr(kind, "__mapping__"):
        return "model"
    data = (
        issubclass(kind, msgspec.Struct | enum.Enum | Exception)
        or dataclasses.is_dataclass(kind)
        or hasattr(kind, "__total__")
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        or hasattr(kind, "__pydantic_fields__")
        or hasattr(kind, "__attrs_attrs__")
    )
    return "data" if data else "other"


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(one) for key, one in value.items() if key not in ("place", "declared")}
    if isinstance(value, list):
        return [_without_places(one) for one in value]
    return value


def _documents(app: App) -> Iterator[str]:
    from segue.openapi import OpenAPI

    listed = [one.plugin for one in app.declared.plugins if isinstance(one.plugin, OpenAPI)]
    for plugin in listed or [OpenAPI(app.name, "0")]:
        yield msgspec.json.encode(plugin.document(app.plan)).decode()


def _databases(app: App) -> "Iterator[Database]":
    for one in app.declared.plugins:
        if type(one.plugin).__module__.startswith("segue.db."):
            from segue.db import Database

            if isinstance(one.plugin, Database):
                yield one.plugin


def _tables(app: App) -> Iterator[tuple[str, list[str]]]:
    for database in _databases(app):
        from segue.db.migrations import Migrations
        from segue.db.schema.statements import statements_of

        revisions = [f"revision {name}" for name in Migrations(database).folder.revisions]
        yield database.name, [*sorted(statements_of(database)), *revisions]


def _around(app: App) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in _family(app):
        declared, life = one.declared, one.declared.life
        own = {
            "folders of templates": [each for path, _ in declared.templates for each in _content(path)],
            "translations": [file for each in declared.texts.translations for file in _content(each.folder)],
            "overridden files": [f"{each.target} {each.by}" for each in declared.pages.overrides],
            "commands": [" ".join(each.words) for each in declared.commands],
            "plugins": [
                str(getattr(each.plugin, "name", type(each.plugin).__name__)) for each in declared.plugins
            ],
            "signals": [each.name for each in life.receivers],
            "hooks": [f"{each.kind} {each.function.__qualname__}" for each in life.hooks],
            "tasks": [_said(each._asdict()) for each in life.tasks],
            "settings": [str(each.section) for each in life.settings],
            "providers": [str(getattr(each.kind, "__qualname__", each.kind)) for each in declared.providers],
            "converters": list(declared.converters),
            "directives": [str(each.name) for each in declared.directed],
        }
        found |= {f"{what} of {one.name}": told for what, told in own.items() if told}
    return found


def _said(record: dict[str, Any]) -> str:
    plain = {name: value for name, value in record.items() if name != "place" and not callable(value)}
    return " ".join(f"{name}={value}" for name, value in plain.items())


def _content(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield f"{file.relative_to(folder)} {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"


def _family(app: Recorded) -> Iterator[Recorded]:
    seen: list[Recorded] = []
    left = [app]
    while left:
        one = left.pop(0)
        if not any(one is other for other in seen):
            seen.append(one)
            yield one
            left += [record.app for record in included(one.declared.routes)]


def main() -> None:
    """Prints the portrait of the application that the command line names."""
    target, *more = sys.argv[1:]
    try:
        portrait = portrait_of(target, factory="--factory" in more)
    except click.ClickException as error:
        sys.exit(error.format_message())
    sys.stdout.buffer.write(msgspec.json.encode(portrait))


if __name__ == "__main__":
    main()

"""Reads from the line of a class how it shares the rows of the model that it derives from."""

import re
from collections.abc import Mapping as MappingOf, Sequence
from typing import Any

from segue.db.models.columns import Declared
from segue.db.models.fields import Options
from segue.db.models.lineage import Lineage, Style

__all__ = ["lineage_of", "table_name", "with_kinds"]


def lineage_of(name: str, parent: Any, options: MappingOf[str, Any], fields: Sequence[Declared]) -> Lineage:
    """The lineage of a class in the making. Raises TypeError for options that cannot be together."""
    joined, proxy = bool(options.get("joined")), bool(options.get("proxy"))
    kinds, kind = options.get("kinds"), options.get("kind")
    if parent is None:
        for one in ("joined", "proxy", "kind"):
            if options.get(one) and not (one == "kind" and kinds):
                raise TypeError(
                    f"class {name}: {one}= is of a model that derives from another one with a table, and {name} derives from none"
                )
        return Lineage("own", None, kinds, (kind or table_name(name)) if kinds else None)
    above = parent.__mapping__
    if kinds is not None:
        raise TypeError(
            f"class {name}: kinds= is said once, by the model at the top: {above.family.__name__}"
        )
    if proxy:
        if fields or joined or options.get("table"):
            raise TypeError(
                f"class {name}: a proxy is another class for the rows of {parent.__name__}, with methods of its own and no field or table"
            )
        return Lineage("proxy", above, above.lineage.kinds, above.lineage.kind)
    if above.lineage.kinds is None:
        if joined or kind:
            raise TypeError(
                f'class {name}: {parent.__name__} has no field that says of which class a row is: class {parent.__name__}(..., kinds="kind")'
            )
        return Lineage("own", above, None, None)
    if above.lineage.style == "proxy":
        raise TypeError(
            f"class {name}: {parent.__name__} is a proxy; derive from {above.lineage.parent.model.__name__}"
        )
    told = options.get("table")
    if told and not joined:
        raise TypeError(
            f"class {name}: its rows are in the table of {parent.__name__}. joined=True gives the fields of {name} a table of their own"
        )
    if any(one.options.key for one in fields):
        raise TypeError(
            f"class {name}: the key of its rows is that of {parent.__name__}; no field of {name} says key=True"
        )
    style: Style = "joined" if joined else "single"
    made = kind or table_name(name)
    top = above.family.__mapping__
    return _different(name, Lineage(style, above, above.lineage.kinds, made), top)


def _different(name: str, lineage: Lineage, top: Any) -> Lineage:
    """Raises TypeError for a kind that another class has already; a class that is defined again takes its place."""
    waiting = [top]
    while waiting:
        one = waiting.pop()
        if one.lineage.kind == lineage.kind and one.lineage.style != "proxy" and one.model.__name__ != name:
            raise TypeError(
                f"class {name}: {lineage.kind!r} stands for {one.model.__name__} already: class {name}(..., kind=...) says another"
            )
        waiting += one.lineage.children
    return lineage


def with_kinds(fields: Sequence[Declared], kinds: str, kind: str | None) -> list[Declared]:
    """The fields with the one that says of which class a row is; the model may declare it itself."""
    options: dict[str, Any] = {"default": kind, "read_only": True, "index": True}
    if not any(one.name == kinds for one in fields):
        made = Declared(kinds, "field", str, Options(**options, max_length=60), __name__)
        key = sum(1 for one in fields if one.options.key and one.style == "field")
        return [*fields[:key], made, *fields[key:]]
    return [
        Declared(
            one.name,
            one.style,
            one.hint,
            Options(**{**{n: getattr(one.options, n) for n in one.options.__struct_fields__}, **options}),
            one.module,
        )
        if one.name == kinds
        else one
        for one in fields
    ]


def table_name(name: str) -> str:
    """The name of a class as that of a table: ``BlogPost`` is ``blog_post``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()

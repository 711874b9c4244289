"""Models as text: those of the app as they are now, for a revision to keep."""

import re
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from msgspec import UNSET

from segue.db.migrations.source import Body
from segue.db.models.geometry import GEOMETRIES, geometry_name
from segue.db.models.mapping import ColumnField, Mapping, Relation
from segue.db.queries.expressions import Expr

__all__ = ["Written", "source_of", "written_model"]

_IMPORTS = {
    "datetime": "from datetime import datetime",
    "date": "from datetime import date",
    "time": "from datetime import time",
    "timedelta": "from datetime import timedelta",
    "Decimal": "from decimal import Decimal",
    "UUID": "from uuid import UUID",
    "Any": "from typing import Any",
    "Literal": "from typing import Literal",
    **{
        name: f"from segue.db import {name}"
        for name in ("Geometry", *(one.__name__ for one in GEOMETRIES.values()))
    },
}


class Written:
    """A model in the making: its name, the lines in its body, and whether it has an ``id`` that is counted up."""

    def __init__(self, name: str, table: str, *, schema: str | None = None, keyed: bool = False) -> None:
        self.name = name
        self.table = table
        self.schema = schema
        self.keyed = keyed
        self.lines: list[str] = []
        self.used: set[str] = set()
        #: Functions of ``segue.db`` that its lines call.
        self.functions: set[str] = set()

    def add(self, name: str, annotation: str, options: dict[str, str]) -> None:
        """A line: ``title: Field[str] = field(max_length=200)``."""
        given = ", ".join(f"{key}={value}" for key, value in options.items())
        self.lines.append(f"{name}: {annotation}{f' = field({given})' if given else ''}")
        self.used |= set(re.findall(r"\b[A-Za-z]\w*", annotation))
        if given:
            self.used.add("field")
        if re.search(r"=now\b", given):
            self.used.add("now")

    @property
    def text(self) -> str:
        options = f', table="{self.table}"' if self.table != _snake(self.name) else ""
        options += f', schema="{self.schema}"' if self.schema else ""
        body = "\n".join(f"    {line}" for line in self.lines) or "    pass"
        return f"class {self.name}({'Keyed' if self.keyed else 'Model'}{options}):\n{body}"

    @property
    def imports(self) -> set[str]:
        found = {line for name, line in _IMPORTS.items() if name in self.used}
        own: set[str] = {name for name in ("Field", "Ref", "Many", "field", "now") if name in self.used}
        own |= self.functions
        own.add("Keyed" if self.keyed else "Model")
        return {*found, f"from segue.db import {', '.join(sorted(own))}"}


def source_of(mappings: Iterable[Mapping]) -> Body:
    """The classes of models, with what a revision needs of them: columns and references."""
    listed = [one for one in mappings if "link of" not in one.kept]
    written = [written_model(one, {other.model for other in listed}) for one in listed]
    imports: set[str] = set()
    for one in written:
        imports |= one.imports
    return Body("\n\n\n".join(one.text for one in written), imports)


def written_model(mapping: Mapping, known: set[Any]) -> Written:
    """One model as text."""
    key = mapping.key
    plain = len(key) == 1 and key[0].name == "id" and key[0].automatic
    made = Written(mapping.model.__name__, mapping.table, schema=mapping.schema, keyed=not plain)
    for column in mapping.columns.values():
        if plain and column is key[0]:
            continue
        relation = column.reference
        if relation is not None and relation.target in known:
            if column is relation.columns[0]:
                made.add(relation.name, _reference(relation), _reference_options(relation))
            continue
        made.add(column.name, f"Field[{_type_name(column)}]", _options(column))
    return made


def _reference(relation: Relation) -> str:
    null = " | None" if relation.null else ""
    return f'Ref["{relation.target.__name__}{null}"]'


def _reference_options(relation: Relation) -> dict[str, str]:
    found: dict[str, str] = {}
    if relation.options.key:
        found["key"] = "True"
    if relation.null:
        found["default"] = "None"
    if relation.options.column:
        found["column"] = repr(relation.options.column)
    return found


def _type_name(column: ColumnField) -> str:
    kind = column.kind
    found = {
        "bool": "bool",
        "int": "int",
        "float": "float",
        "decimal": "Decimal",
        "str": "str",
        "text": "str",
        "bytes": "bytes",
        "datetime": "datetime",
        "date": "date",
        "time": "time",
        "timedelta": "timedelta",
        "uuid": "UUID",
    }.get(kind.storage)
    if found is None:
        found = _stored_as(column)
    return f"{found} | None" if kind.null else found


def _stored_as(column: ColumnField) -> str:
    kind = column.kind
    if kind.storage == "enum":
        # What is in the column, not the class of today.
        from segue.db.compiling.types import enum_values

        return "int" if all(isinstance(one, int) for one in enum_values(kind.python)) else "str"
    if kind.storage == "geometry":
        return geometry_name(kind)
    if kind.storage == "array":
        item = get_args(kind.python)[0] if get_origin(kind.python) is list else Any
        return f"list[{getattr(item, '__name__', 'Any')}]"
    return "dict[str, Any]" if kind.storage == "json" else "Any"


def _options(column: ColumnField) -> dict[str, str]:
    options = column.options
    found: dict[str, str] = {}
    if options.key:
        found["key"] = "True"
    for name in ("column", "max_length", "digits", "places", "srid"):
        value = getattr(options, name)
        if value is not None:
            found[name] = repr(value)
    for name in ("text", "array", "json", "geography"):
        if getattr(options, name):
            found[name] = "True"
    if options.dimensions == 3:
        found["dimensions"] = "3"
    if options.bits != 64:
        found["bits"] = str(options.bits)
    if not options.zone:
        found["zone"] = "False"
    if column.generated:
        found["read_only"] = "True"
    if getattr(options.default, "__name__", "") == "now":
        found["default"] = "now"
    elif isinstance(options.default, bool | int | float | str):
        found["default"] = repr(options.default)
    elif options.default is None or (column.kind.null and options.default is UNSET):
        found["default"] = "None"
    elif isinstance(options.default, Expr) or options.db_default is not None:
        found["db_default"] = "0"
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()

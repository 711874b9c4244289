"""JSON Schemas as types of Python that msgspec reads and writes."""

import keyword
import re
from collections.abc import Iterator, Mapping

from segue.openapi.schemas import Schema

__all__ = ["Types", "identifier"]

_FORMATS = {
    "date": "datetime.date",
    "date-time": "datetime.datetime",
    "time": "datetime.time",
    "signed-duration": "datetime.timedelta",
    "uuid": "uuid.UUID",
    "decimal": "decimal.Decimal",
    "binary": "Upload",
}
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
# Names that the rest of the module has.
_TAKEN = {
    "Annotated", "Any", "ApiError", "AsyncClient", "AsyncIterator", "Client", "Generic", "Iterator", "Literal", "Mapping",
    "ProblemDetails", "Sent", "Sequence", "ServerEvent", "T", "TypeVar", "Upload",
}  # fmt: skip
# The runtime of the client has it already.
_SAME = {"BadField"}


def identifier(name: str) -> str:
    """A name that Python can have for one of the wire."""
    made = re.sub(r"\W", "_", name)
    if not made or made[0].isdigit():
        made = f"_{made}"
    return f"{made}_" if keyword.iskeyword(made) else made


class Types:
    """The types for the components of a document."""

    def __init__(self, components: Mapping[str, Schema]) -> None:
        self._components = components

    def definitions(self) -> Iterator[str]:
        """The text of each component: a Struct, or another name for a type."""
        aliases = []
        for name, schema in self._components.items():
            if name in _SAME:
                continue
            if schema.get("type") == "object" and "properties" in schema:
                yield self._struct(name, schema)
            else:
                aliases.append(f"{_class_name(name)} = {self.of(schema, quoted=True)}")
        if aliases:
            yield "\n".join(aliases)

    def _struct(self, name: str, schema: Schema) -> str:
        tag = next(((key, one["const"]) for key, one in schema["properties"].items() if "const" in one), None)
        told = f", tag_field={tag[0]!r}, tag={tag[1]!r}" if tag else ""
        lines = [f"class {_class_name(name)}(msgspec.Struct, kw_only=True{told}):"]
        text = schema.get("description", "").replace("\\", "\\\\").replace('"""', "'''")
        if text:
            first, *rest = text.splitlines()
            lines += [f'    """{first}', *[f"    {line}".rstrip() for line in rest]]
            lines[-1] += '"""' if not rest else ""
            if rest:
                lines.append('    """')
            lines.append("")
        required = set(schema.get("required", ()))
        fields = [
            self._field(key, one, required=key in required)
            for key, one in schema["properties"].items()
            if tag is None or key != tag[0]
        ]
        return "\n".join([*lines, *[f"    {field}" for field in fields or ["pass"]]])

    def _field(self, wire: str, schema: Schema, *, required: bool) -> str:
        name = identifier(wire)
        kind = self.of(schema)
        named = f"name={wire!r}" if name != wire else ""
        if required:
            return f"{name}: {kind}" + (f" = msgspec.field({named})" if named else "")
        default = "default=msgspec.UNSET" if named else ""
        value = f"msgspec.field({default}, {named})" if named else "msgspec.UNSET"
        return f"{name}: {kind} | msgspec.UnsetType = {value}"

    def of(self, schema: Schema, *, quoted: bool = False) -> str:
        """The type of the values of a schema. ``quoted``: other names of types may not be there yet."""
        if "$ref" in schema:
            name = _class_name(schema["$ref"].rpartition("/")[2])
            return name if not quoted or "properties" in self._resolved(schema) else f'"{name}"'
        if "anyOf" in schema:
            return self._union(schema["anyOf"], quoted=quoted)
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            return f"Literal[{', '.join(repr(one) for one in schema['enum'])}]"
        kind = schema.get("type")
        if kind == "array":
            if "prefixItems" in schema:
                items = [self.of(one, quoted=quoted) for one in schema["prefixItems"]]
                exact = schema.get("minItems") == len(items)
                return f"tuple[{', '.join(items)}]" if exact and items else "list[Any]"
            return f"list[{self.of(schema.get('items', {}), quoted=quoted)}]"
        if kind == "object":
            return f"dict[str, {self.of(schema.get('additionalProperties') or {}, quoted=quoted)}]"
        if schema.get("contentEncoding") == "base64":
            return "bytes"
        return _FORMATS.get(schema.get("format", "")) or _SIMPLE.get(str(kind), "Any")

    def _union(self, members: list[Schema], *, quoted: bool) -> str:
        texts = [one for one in members if self._is_text(one)]
        if len(texts) > 1 or any(one.get("format") == "decimal" for one in texts):
            # msgspec tells no two kinds of text apart; numbers may be decimals too.
            decimal = all(one.get("format") == "decimal" for one in texts)
            kept: Schema = {"type": "string", **({"format": "decimal"} if decimal else {})}
            members = [
                kept,
                *[
                    one
                    for one in members
                    if one not in texts and not (decimal and one.get("type") == "number")
                ],
            ]
        objects = [one for one in members if "properties" in self._resolved(one)]
        if len(objects) > 1 and not all(
            any("const" in part for part in self._resolved(one)["properties"].values()) for one in objects
        ):
            return "Any"
        kinds = list(dict.fromkeys(self.of(one, quoted=quoted) for one in members))
        if "Any" in kinds:
            return "Any"
        if quoted and any(one.startswith('"') for one in kinds):
            return f"Union[{', '.join(kinds)}]"
        return " | ".join(kinds)

    def _is_text(self, schema: Schema) -> bool:
        found = self._resolved(schema)
        return found.get("type") == "string" or any(isinstance(one, str) for one in found.get("enum", ()))

    def _resolved(self, schema: Schema) -> Schema:
        return self._components.get(schema["$ref"].rpartition("/")[2], {}) if "$ref" in schema else schema


def _class_name(name: str) -> str:
    made = identifier(name)
    return f"{made}_" if made in _TAKEN else made

"""A client in TypeScript: one file that needs nothing but ``fetch``, and passes ``tsc --strict``."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from segue.openapi.clients.calls import Argument, Body, Call, Result, calls
from segue.openapi.inputs import MULTIPART
from segue.openapi.schemas import Schema

__all__ = ["typescript_client"]

_RUNTIME = Path(__file__).with_name("runtime.ts")
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*\Z").match
_SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript_client(document: Mapping[str, Any]) -> str:
    """The text of a module with a type for each component and a class ``Client`` with a method for each operation."""
    info = document["info"]
    components = document.get("components", {}).get("schemas", {})
    parts = [
        f"// {_comment(info['title'])} {_comment(info['version'])}: made by `segue client`, to be made anew, not to be edited.",
        *[_component(name, schema) for name, schema in components.items()],
        _RUNTIME.read_text(encoding="utf-8").rstrip(),
        "\n".join(
            [
                "export class Client extends Caller {",
                "\n\n".join(_method(call) for call in calls(document)),
                "}",
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _comment(text: str) -> str:
    return text.replace("*/", "*\u200b/").replace("\n", " ")


def _documented(lines: Iterable[str], indent: str = "") -> str:
    found = [line.replace("*/", "*\u200b/") for line in lines]
    if not found:
        return ""
    if len(found) == 1:
        return f"{indent}/** {found[0]} */\n"
    body = "\n".join(f"{indent} * {line}".rstrip() for line in found)
    return f"{indent}/**\n{body}\n{indent} */\n"


def _component(name: str, schema: Schema) -> str:
    text = _documented(schema.get("description", "").splitlines())
    if schema.get("type") == "object" and "properties" in schema:
        return f"{text}export interface {_type_name(name)} {_object(schema, '')}"
    return f"{text}export type {_type_name(name)} = {_type(schema)};"


def _type_name(name: str) -> str:
    made = re.sub(r"[^A-Za-z0-9_$]", "_", name)
    # Names that the rest of the module, or the language, has.
    taken = {
        "ApiError",
        "Client",
        "ClientOptions",
        "ServerEvent",
        "Caller",
        "Sent",
        "Response",
        "Blob",
        "Record",
    }
    return f"{made}_" if made in taken else made


def _object(schema: Schema, indent: str) -> str:
    required = set(schema.get("required", ()))
    lines = [
        f"{_documented(part.get('description', '').splitlines(), indent + '  ')}"
        f"{indent}  {_property(name)}{'' if name in required else '?'}: {_type(part)};"
        for name, part in schema["properties"].items()
    ]
    return "\n".join(["{", *lines, f"{indent}}}"]) if lines else "Record<string, unknown>"


def _inline(schema: Schema) -> str:
    required = set(schema.get("required", ()))
    parts = [
        f"{_property(name)}{'' if name in required else '?'}: {_type(part)}"
        for name, part in schema["properties"].items()
    ]
    return f"{{ {'; '.join(parts)} }}" if parts else "Record<string, unknown>"


def _property(name: str) -> str:
    return name if _NAME(name) else json.dumps(name)


def _type(schema: Schema) -> str:
    """The type of the values of a schema."""
    if "$ref" in schema:
        return _type_name(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        if "prefixItems" in schema:
            least = schema.get("minItems", 0)
            items = [_type(one) for one in schema["prefixItems"]]
            marked = [one if at < least else f"({one})?" for at, one in enumerate(items)]
            return f"[{', '.join(marked)}]"
        return f"Array<{_type(schema.get('items', {}))}>"
    if kind == "object":
        if "properties" in schema:
            return _inline(schema)
        return f"Record<string, {_type(schema.get('additionalProperties') or {})}>"
    if schema.get("format") == "binary":
        return "Blob"
    return _SIMPLE.get(str(kind), "unknown")


def _method(call: Call) -> str:
    first, *others = call.name
    name = first + "".join(word.capitalize() for word in others)
    if name in {"send", "constructor"}:
        name += "_"
    # What a browser sends as cookies is not for a script to say.
    arguments = [one for one in call.arguments if one.origin != "cookie"]
    keys = _keys(arguments)
    text = [*call.text.splitlines()]
    if call.errors:
        text.append(f"@throws {{ApiError}} {', '.join(map(str, call.errors))}")
    if call.deprecated:
        text.append("@deprecated")
    fields = [
        f"{_property(key)}{'' if one.required else '?'}: {_type(one.schema)}"
        for key, one in zip(keys, arguments, strict=True)
    ]
    body_key = "body" if "body" not in keys else "body_"
    if call.body is not None:
        fields.append(f"{body_key}{'' if call.body.required else '?'}: {_body_type(call.body)}")
    needed = any(one.required for one in arguments) or (call.body is not None and call.body.required)
    taken = f"args: {{ {'; '.join(fields)} }}{'' if needed else ' = {}'}, " if fields else ""
    kind, returned, lines = _returned(call.results)
    sent = [*_sent(arguments, keys), *([f"accept: {json.dumps(call.accept)}"] if call.accept else [])]
    if call.body is not None:
        sent += _sent_body(call.body, f"args.{body_key}")
    path = _path(call.path, arguments, keys)
    send = f"await this.send({json.dumps(call.method)}, {path}, {{ {', '.join(sent)} }}, init)"
    return (
        _documented(text, "  ")
        + f"  {kind}{name}({taken}init?: RequestInit): {returned} {{\n"
        + "\n".join(f"    {line}" for line in _using(send, lines))
        + "\n  }"
    )


def _using(send: str, lines: list[str]) -> list[str]:
    return [send + ";"] if lines == [""] else [f"const response = {send};", *lines]


def _keys(arguments: list[Argument]) -> list[str]:
    """The name of each argument; where two origins share one, the origin stands before it."""
    names = [one.name for one in arguments]
    return [one.name if names.count(one.name) == 1 else f"{one.origin}_{one.name}" for one in arguments]


def _access(key: str) -> str:
    return f"args.{key}" if _NAME(key) else f"args[{json.dumps(key)}]"


def _sent(arguments: list[Argument], keys: list[str]) -> list[str]:
    made = []
    for origin, word in (("query", "query"), ("header", "headers")):
        pairs = [
            f"{_property(one.name)}: {_access(key)}"
            for key, one in zip(keys, arguments, strict=True)
            if one.origin == origin
        ]
        if pairs:
            made.append(f"{word}: {{ {', '.join(pairs)} }}")
    return made


def _sent_body(body: Body, value: str) -> list[str]:
    if body.media_type == MULTIPART:
        return [f"body: multipart({value}{'' if body.required else ' ?? {}'})"]
    if body.is_form:
        return [f"body: form({value}{'' if body.required else ' ?? {}'})"]
    if body.media_type == "application/json":
        return [f"json: {value}"]
    return [f"body: {value}", f"type: {json.dumps(body.media_type)}"]


def _body_type(body: Body) -> str:
    if body.is_form or body.media_type == "application/json":
        return _type(body.schema)
    return "string" if body.media_type.startswith("text/") else "BodyInit"


def _path(path: str, arguments: list[Argument], keys: list[str]) -> str:
    made = path.replace("\\", "\\\\").replace("`", "\\`")
    for key, one in zip(keys, arguments, strict=True):
        if one.origin == "path":
            encode = "segments" if one.spans else "segment"
            made = made.replace(f"{{{one.name}}}", f"${{{encode}({_access(key)})}}")
    return f"`{made}`"


def _returned(results: tuple[Result, ...]) -> tuple[str, str, list[str]]:
    """How the method is declared, what it returns, and the lines that make that of ``response``."""
    kinds = {one.kind for one in results}
    if kinds == {"lines"}:
        item = " | ".join(dict.fromkeys(_type(one.schema) for one in results))
        return "async *", f"AsyncGenerator<{item}>", [f"yield* items<{item}>(response);"]
    if kinds == {"events"}:
        (result,) = results
        item = _type(result.schema) if result.schema else "string"
        told = "true" if result.schema else "false"
        return (
            "async *",
            f"AsyncGenerator<ServerEvent<{item}>>",
            [f"yield* events<{item}>(response, {told});"],
        )
    if kinds == {"nothing"}:
        return "async ", "Promise<void>", [""]
    if kinds and kinds <= {"json", "nothing"}:
        types = [_type(one.schema) for one in results if one.kind == "json"]
        if "nothing" in kinds:
            types.append("null")
            made = "return response.status === 204 ? null : response.json();"
        else:
            made = "return response.json();"
        return "async ", f"Promise<{' | '.join(dict.fromkeys(types))}>", [made]
    if kinds == {"text"}:
        return "async ", "Promise<string>", ["return response.text();"]
    if kinds == {"octets"}:
        return "async ", "Promise<Blob>", ["return response.blob();"]
    return "async ", "Promise<Response>", ["return response;"]

"""A client in Python: one module over httpx2 and msgspec, sync and async, that passes ``mypy --strict``."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from segue.openapi.clients.calls import Call, Result, calls
from segue.openapi.clients.python_types import Types, identifier
from segue.openapi.schemas import Schema

__all__ = ["python_client"]

_RUNTIME = Path(__file__).with_name("runtime.py")
_HEAD = '''"""A client of {title} {version}: made by `segue client`, to be made anew, not to be edited.

    with Client("https://api.example.com") as client:
        client.{example}(...)
"""

# ruff: noqa

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Annotated, Literal, Union
'''
_OWN = {"self", "http", "close"}


def python_client(document: Mapping[str, Any]) -> str:
    """The text of a module with a class for each component, and ``Client`` and ``AsyncClient`` with the operations."""
    info = document["info"]
    found = list(calls(document))
    types = Types(document.get("components", {}).get("schemas", {}))
    runtime = _RUNTIME.read_text(encoding="utf-8").partition("# --- copied from here ---\n")[2]
    example = _method_name(found[0]) if found else "close"
    parts = [
        _HEAD.format(title=_plain(info["title"]), version=_plain(info["version"]), example=example)
        + runtime.rstrip(),
        *types.definitions(),
        _class(found, types, asynchronous=False),
        _class(found, types, asynchronous=True),
    ]
    return "\n\n\n".join(parts) + "\n"


def _plain(text: str) -> str:
    return text.replace("\\", "").replace('"', "'").replace("\n", " ")


def _class(found: list[Call], types: Types, *, asynchronous: bool) -> str:
    name, base = ("AsyncClient", "_AsyncCaller") if asynchronous else ("Client", "_SyncCaller")
    methods = [_Method(call, types, asynchronous=asynchronous).text() for call in found]
    described = f'    """The operations; used in {"`async with`" if asynchronous else "`with`"}, it closes its connections."""'
    return "\n\n".join([f"class {name}({base}):\n{described}", *methods])


def _method_name(call: Call) -> str:
    name = identifier("_".join(call.name))
    return f"{name}_" if name in _OWN or name.startswith("__") else name


class _Taken(NamedTuple):
    """A parameter of a method."""

    name: str
    wire: str
    origin: str
    type: str
    required: bool


class _Method:
    def __init__(self, call: Call, types: Types, *, asynchronous: bool) -> None:
        self.call = call
        self.types = types
        self.asynchronous = asynchronous
        self.taken = list(self._parameters())

    def _parameters(self) -> Iterator[_Taken]:
        used: set[str] = set(_OWN)
        given = [(one.name, one.origin, one.schema, one.required) for one in self.call.arguments]
        body = self.call.body
        if body is not None and body.is_form:
            required = set(body.schema.get("required", ()))
            given += [
                (name, "files" if _is_file(schema) else "form", schema, name in required)
                for name, schema in body.schema.get("properties", {}).items()
            ]
        for wire, origin, schema, required_ in given:
            name = identifier(wire)
            if name in used:
                name = f"{origin}_{name}"
            used.add(name)
            yield _Taken(name, wire, origin, self.types.of(schema), required_)
        if body is not None and not body.is_form:
            kind = "bytes | str" if body.media_type != "application/json" else self.types.of(body.schema)
            yield _Taken("body" if "body" not in used else "body_", "", "body", kind, body.required)

    def text(self) -> str:
        call = self.call
        ordered = sorted(self.taken, key=lambda one: not one.required)
        signature = ", ".join(
            f"{one.name}: {one.type}" if one.required else f"{one.name}: {_optional(one)}" for one in ordered
        )
        returned, lines, streams = self._returned()
        word = "async def" if self.asynchronous else "def"
        head = f"    {word} {_method_name(call)}(self{', *, ' if ordered else ''}{signature}) -> {returned}:"
        body = [*self._documented(), *(self._streaming(lines) if streams else self._calling(lines))]
        return "\n".join([head, *[f"        {line}" if line else "" for line in body]])

    def _documented(self) -> list[str]:
        lines = self.call.text.replace("\\", "\\\\").replace('"""', "'''").splitlines()
        if self.call.deprecated:
            lines = [*lines, *([""] if lines else []), "Deprecated."]
        if self.call.errors:
            told = f"Raises ApiError: {', '.join(map(str, self.call.errors))}."
            lines = [*lines, *([""] if lines else []), told]
        if not lines:
            return []
        if len(lines) == 1:
            return [f'"""{lines[0]}{" " if lines[0].endswith(chr(34)) else ""}"""']
        return [f'"""{lines[0]}', *lines[1:], '"""']

    def _request(self) -> str:
        call = self.call
        path = call.path.replace("{", "{{").replace("}", "}}")
        spans = {one.name for one in call.arguments if one.spans}
        for one in self.taken:
            if one.origin == "path":
                encode = "_segments" if one.wire in spans else "_segment"
                path = path.replace(f"{{{{{one.wire}}}}}", f"{{{encode}({one.name})}}")
        return f"{call.method!r}, f{json.dumps(path, ensure_ascii=False)}, {self._sent()}"

    def _sent(self) -> str:
        parts = []
        for origin, word in (
            ("query", "query"), ("header", "headers"), ("cookie", "cookies"), ("form", "form"), ("files", "files"),
        ):  # fmt: skip
            pairs = ", ".join(f"{one.wire!r}: {one.name}" for one in self.taken if one.origin == origin)
            if pairs:
                parts.append(f"{word}={{{pairs}}}")
        body = self.call.body
        sent = next((one for one in self.taken if one.origin == "body"), None)
        if body is not None and body.is_form and not any(one.origin == "form" for one in self.taken):
            parts.append("form={}")
        if body is not None and sent is not None:
            if body.media_type == "application/json":
                parts.append(f"json={sent.name}")
            else:
                parts.append(f"content={sent.name}, content_type={body.media_type!r}")
        if self.call.accept:
            parts.append(f"accept={self.call.accept!r}")
        return f"Sent({', '.join(parts)})"

    def _calling(self, lines: list[str]) -> list[str]:
        wait = "await " if self.asynchronous else ""
        call = f"{wait}self._call({self._request()})"
        return [call] if not lines else [f"response = {call}", *lines]

    def _streaming(self, lines: list[str]) -> list[str]:
        (reader,) = lines
        stream = f"self.{reader.replace('$', self._request())}"
        if not self.asynchronous:
            return [f"yield from {stream}"]
        return [f"async for item in {stream}:", "    yield item"]

    def _returned(self) -> tuple[str, list[str], bool]:
        """The type of what comes back, the lines that make it of ``response``, and whether it is a stream."""
        results = self.call.results
        kinds = {one.kind for one in results}
        iterator = "AsyncIterator" if self.asynchronous else "Iterator"
        if kinds == {"lines"}:
            item = self._union(results)
            return f"{iterator}[{item}]", [f"_items($, {item})"], True
        if kinds == {"events"}:
            item = self._union(results) if results[0].schema else "str"
            return f"{iterator}[ServerEvent[{item}]]", [f"_events($, {item})"], True
        if kinds == {"nothing"}:
            return "None", [], False
        if kinds and kinds <= {"json", "nothing"}:
            kind = self._union(tuple(one for one in results if one.kind == "json"))
            # Any takes in None; a type checker says so of `Any | None`.
            whole = f"{kind} | None" if "nothing" in kinds and kind != "Any" else kind
            found = f"result: {whole} = msgspec.json.decode(response.content, type={kind})"
            if "nothing" in kinds:
                return (
                    whole,
                    ["if response.status_code == 204:", "    return None", found, "return result"],
                    False,
                )
            return whole, [found, "return result"], False
        if kinds == {"text"}:
            return "str", ["return response.text"], False
        if kinds == {"octets"}:
            return "bytes", ["return response.content"], False
        return "httpx2.Response", ["return response"], False

    def _union(self, results: tuple[Result, ...]) -> str:
        return " | ".join(dict.fromkeys(self.types.of(one.schema) for one in results))


def _optional(one: _Taken) -> str:
    if one.origin == "body" and "None" not in one.type:
        return (
            f"{one.type} | msgspec.UnsetType = msgspec.UNSET"
            if one.type != "bytes | str"
            else f"{one.type} | None = None"
        )
    if one.origin == "body":
        return f"{one.type} | msgspec.UnsetType = msgspec.UNSET"
    return f"{one.type} = None" if one.type in ("Any", "None") else f"{one.type} | None = None"


def _is_file(schema: Schema) -> bool:
    return schema.get("format") == "binary" or schema.get("items", {}).get("format") == "binary"

"""The page that shows a description of an API: complete as it is, with Swagger UI where scripts run.

Everything on it comes from this server, by links that are relative: it works offline and below any prefix.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from segue.core.errors.errorpage import escape
from segue.openapi.schemas import Schema

__all__ = ["page", "policy"]


def policy(document: Mapping[str, Any]) -> str:
    """The Content-Security-Policy of the page: own files only; requests to the servers of the API too."""
    origins = {
        f"{url.scheme}://{url.netloc}"
        for server in document.get("servers", ())
        if (url := urlsplit(str(server["url"]))).scheme in ("http", "https") and "{" not in url.netloc
    }
    connect = " ".join(["'self'", *sorted(origins)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src {connect}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(document: Mapping[str, Any]) -> str:
    """The page for a document that is served beside it, as ``openapi.json``; its files are below ``docs/``."""
    info = document["info"]
    title = escape(f"{info['title']} {info['version']}")
    description = f"<p>{escape(info['description'])}</p>" if info.get("description") else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="service-desc" type="application/json" href="openapi.json">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/page.css">
<link rel="stylesheet" href="docs/swagger/swagger-ui.css">
</head>
<body>
<div id="interactive"></div>
<main id="plain">
<h1>{title}</h1>
{description}
<p class="soft"><a href="openapi.json">openapi.json</a></p>
{"".join(_operations(document))}
</main>
<script src="docs/swagger/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            tag = next(iter(operation.get("tags", ())), "")
            groups.setdefault(tag, []).append(_operation(method, path, operation, document))
    for tag, operations in groups.items():
        yield f"<h2>{escape(tag)}</h2>\n" if tag else ""
        yield from operations


def _operation(method: str, path: str, operation: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    identifier, word = escape(operation["operationId"]), escape(method.removeprefix("x-").upper())
    lines = [f'<h3 id="{identifier}"><span class="method">{word}</span> {escape(path)}</h3>']
    if operation.get("deprecated"):
        lines.append("<p><strong>Deprecated</strong></p>")
    lines += [f"<p>{escape(operation[word])}</p>" for word in ("summary", "description") if word in operation]
    takes: list[tuple[str, ...]] = [
        (
            f"<code>{escape(one['name'])}</code>",
            one["in"],
            _told(one["schema"]),
            "required" * one.get("required", False),
        )
        for one in operation.get("parameters", ())
    ]
    takes += [
        ("body", escape(media_type), _told(media.get("schema", {})), "")
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items()
    ]
    if takes:
        lines.append(_table("Takes", takes))
    gives: list[tuple[str, ...]] = []
    for status, response in operation["responses"].items():
        found = _resolved(response, document)
        content = found.get("content") or {"": {}}
        gives += [
            (escape(status), escape(found["description"]), escape(media_type), _told(media.get("schema", {})))
            for media_type, media in content.items()
        ]
    lines.append(_table("Gives", gives))
    return "\n".join(lines)


def _resolved(part: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = part
    if "$ref" in part:
        found = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
    return dict(found)


def _table(heading: str, rows: list[tuple[str, ...]]) -> str:
    cells = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<h4>{heading}</h4>\n<table>\n{cells}\n</table>"


def _told(schema: Schema) -> str:
    """A schema in a few words, as HTML."""
    if "$ref" in schema:
        return escape(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(_told(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_told(schema.get('items', {})) or 'anything'}"
    if "x-item-schema" in schema:
        return f"stream of {_told(schema['x-item-schema'])}"
    kind = escape(str(schema.get("format") or schema.get("type") or ""))
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("default", "default"))
        if key in schema and schema[key] != ""
    ]
    return " ".join([kind, *map(escape, bounds)])

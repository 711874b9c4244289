"""Problem details (RFC 9457) in the format that the client asks for: JSON, XML or text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from segue.core.options import ErrorForm
from segue.http.negotiate import Accept, MediaRange
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["error_form", "prefers_html", "problem_response", "wanted"]

_encode = msgspec.json.Encoder(enc_hook=str).encode
_no_name = re.compile(r"[^A-Za-z0-9_.-]")
_foreign = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON = ("application/problem+json", "application/json")


def wanted(request: Request) -> str | None:
    """What the client accepts: what the suffix of its path says, else its ``Accept`` field."""
    suffix: str | None = (request.made or {}).get("suffix")
    return suffix or request.headers.joined("accept")


def prefers_html(request: Request) -> bool:
    """Whether the client asks for HTML by name, and not less than for JSON: a browser does, ``*/*`` does not."""
    field = wanted(request)
    if field is None or "text/html" not in field.lower():
        return False
    accept = Accept.parse(field)
    page = accept.quality("text/html")
    data = max(accept.quality("application/problem+json"), accept.quality("application/json"))
    return page > 0 and (page > data or (page == data and "json" not in field.lower()))


def error_form(request: Request, default: ErrorForm) -> ErrorForm:
    """The form of an error: that of the route, ``default`` where none was found, else what the client asks for."""
    options = getattr(request.endpoint, "options", None)
    form: ErrorForm = default if options is None else options.errors
    if form != "auto":
        return form
    return "html" if prefers_html(request) else _kind(wanted(request))


def problem_response(problem: dict[str, Any], headers: Mapping[str, str], form: ErrorForm) -> Response:
    """The response with a problem detail: XML or text if that is its form, else JSON."""
    status = problem["status"]
    if form == "xml":
        return Response(_xml(problem), status, headers, "application/problem+xml")
    if form == "text":
        return Response(_text(problem), status, headers, "text/plain; charset=utf-8")
    return Response(_encode(problem), status, headers, "application/problem+json")


def _kind(field: str | None) -> ErrorForm:
    # PERF: most clients want JSON or do not care; that is seen without parsing.
    if field is None or not ("xml" in field or "text/" in field):
        return "json"
    accept = Accept.parse(field)
    best: ErrorForm = "json"
    quality = max(accept.quality(one) for one in _JSON)
    for one in accept.ranges:
        kind = _named(one)
        if kind and one.quality > quality:
            best, quality = kind, one.quality
    return best


def _named(one: MediaRange) -> ErrorForm | None:
    if one.subtype.endswith("+json"):
        return "json"
    if one.subtype == "xml" or (one.subtype.endswith("+xml") and one.subtype != "xhtml+xml"):
        return "xml"
    return "text" if (one.type, one.subtype) == ("text", "plain") else None


def _xml(problem: Mapping[str, Any]) -> bytes:
    """RFC 9457, appendix B."""
    inside = "".join(_elements(msgspec.to_builtins(problem, str_keys=True, enc_hook=str)))
    document = f'<problem xmlns="urn:ietf:rfc:7807">{inside}</problem>\n'
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + document.encode("utf-8", "replace")


def _elements(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            name = _no_name.sub("_", key)
            name = name if name[:1].isalpha() else f"_{name}"
            yield f"<{name}>{''.join(_elements(one))}</{name}>"
    elif isinstance(value, list):
        for one in value:
            yield f"<i>{''.join(_elements(one))}</i>"
    elif value is not None:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        text = _foreign.sub("\N{REPLACEMENT CHARACTER}", text)
        yield text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(problem: Mapping[str, Any]) -> bytes:
    lines = [f"{problem['status']} {problem['title']}"]
    if "detail" in problem:
        lines += ["", str(problem["detail"])]
    for one in problem.get("errors", ()):
        if isinstance(one, Mapping):
            lines.append(f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}")
    lines += [f"{name}: {value}" for name, value in problem.get("internal", {}).items()]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")

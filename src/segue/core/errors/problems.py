"""Problem details (RFC 9457) in the format that the client asks for: JSON, XML or text."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from segue.http.negotiate import Accept, MediaRange
from segue.http.request import Request
from segue.http.response import Response

__all__ = ["problem_response", "wanted"]

_encode = msgspec.json.Encoder(enc_hook=str).encode
_no_name = re.compile(r"[^A-Za-z0-9_.-]")
_foreign = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON = ("application/problem+json", "application/json")


def wanted(request: Request) -> str | None:
    """What the client accepts: what the suffix of its path says, else its ``Accept`` field."""
    suffix: str | None = (request.made or {}).get("suffix")
    return suffix or request.headers.joined("accept")


def problem_response(request: Request, problem: dict[str, Any], headers: Mapping[str, str]) -> Response:
    """The response with a problem detail: JSON, unless XML or text is named and wanted more."""
    status = problem["status"]
    kind = _kind(wanted(request))
    if kind == "xml":
        return Response(_xml(problem), status, headers, "application/problem+xml")
    if kind == "text":
        return Response(_text(problem), status, headers, "text/plain; charset=utf-8")
    return Response(_encode(problem), status, headers, "application/problem+json")


def _kind(field: str | None) -> str:
    # PERF: most clients want JSON or do not care; that is seen without parsing.
    if field is None or not ("xml" in field or "text/" in field):
        return "json"
    accept = Accept.parse(field)
    best, quality = "json", max(accept.quality(one) for one in _JSON)
    for one in accept.ranges:
        kind = _named(one)
        if kind and one.quality > quality:
            best, quality = kind, one.quality
    return best


def _named(one: MediaRange) -> str | None:
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
    return "\n".join([*lines, ""]).encode("utf-8", "replace")

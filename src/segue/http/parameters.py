"""Header values with parameters: `text/html; charset=utf-8`, `attachment; filename="a.txt"`, `a, "b, c"`.

RFC 9110 section 5.6 (lists, tokens, quoted strings, parameters) and RFC 8187 (`name*=UTF-8''...`).
Every function reads its input once, left to right: the time is linear in the length whatever is sent.
"""

import re

from segue.http.malformed import Malformed

__all__ = ["MAX_PARAMETERS", "is_token", "parse_header", "quote", "split_list"]

MAX_PARAMETERS = 64
"""More parameters than any registered header has; more are refused."""

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_is_token = re.compile(_TOKEN).fullmatch
_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
# The name and `=`; what follows is a token or starts with a quote.
_name = re.compile(rf"({_TOKEN})[ \t]*=[ \t]*").match
_token = re.compile(_TOKEN).match
# Possessive: a quoted string that is never closed fails at once, it is not tried again shorter.
_quoted = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL).match
_quoted_pair = re.compile(r"\\(.)", re.DOTALL)
_form_pair = re.compile(r'\\(["\\])')
_separator = re.compile(r"[ \t]*(?:;[ \t]*|\Z)").match
_escape = re.compile(r"%(?![0-9A-Fa-f]{2})")
_list_stop = re.compile(r'[,"]').search


def is_token(text: str) -> bool:
    """Whether `text` is an RFC 9110 token, as names of methods, headers, cookies and parameters must be."""
    return _is_token(text) is not None


def quote(text: str) -> str:
    """`text` as a parameter's value: as it is if it is a token, otherwise as a quoted string.

    Raises `ValueError` for control characters, which no header may carry.
    """
    if is_token(text):
        return text
    if _control(text):
        raise ValueError(f"a header parameter cannot contain control characters: {text[:80]!r}")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_header(value: str, *, as_browsers_do: bool = False) -> tuple[str, dict[str, str]]:
    """Split a value into its first part, in lower case, and its parameters by lower-case name.

    ::

        parse_header('multipart/form-data; boundary="a;b"')    # ("multipart/form-data", {"boundary": "a;b"})
        parse_header("attachment; filename*=UTF-8''na%C3%AFve.txt")    # (..., {"filename": "naïve.txt"})

    `name*` (RFC 8187, UTF-8 or ISO-8859-1) is decoded and wins over a plain `name`, as RFC 6266 4.3 says.
    Empty parameters (`a; ; b=c;`) are skipped, as RFC 9110 5.6.6 allows.

    `as_browsers_do`: quoted strings are read as those in the parts of a form (WHATWG HTML): `%22`, `%0D` and
    `%0A` are decoded, and a backslash stands for itself unless a quote or another backslash follows.

    Raises `Malformed` for anything else that is not in the grammar, for a name that comes twice (two
    readers would pick different ones), and for more than `MAX_PARAMETERS`.
    """
    first, semicolon, _ = value.partition(";")
    main = first.strip(" \t").lower()
    if not semicolon:
        return main, {}
    plain: dict[str, str] = {}
    extended: dict[str, str] = {}
    for name, text, was_quoted in _parameters(value, len(first) + 1, as_browsers_do):
        if name.endswith("*") and len(name) > 1 and not was_quoted:
            name, target, text = name[:-1], extended, _decode_extended(text)
        else:
            target = plain
        if name in target:
            raise Malformed("a header parameter comes twice")
        target[name] = text
    plain.update(extended)
    return main, plain


def _parameters(value: str, at: int, as_browsers_do: bool) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    end = len(value)
    while at < end:
        if value[at] in " \t;":
            at += 1
            continue
        name = _name(value, at)
        if name is None:
            raise Malformed("a header parameter is not of the form name=value")
        at = name.end()
        was_quoted = value.startswith('"', at)
        if was_quoted:
            quoted = _quoted(value, at)
            if quoted is None:
                raise Malformed("a quoted string in a header is not closed")
            text = _unquote(quoted[1], as_browsers_do)
            at = quoted.end()
        else:
            token = _token(value, at)
            text = token[0] if token else ""
            at += len(text)
        separator = _separator(value, at)
        if separator is None:
            raise Malformed("a header parameter is followed by something that is not a semicolon")
        at = separator.end()
        found.append((name[1].lower(), text, was_quoted))
        if len(found) > MAX_PARAMETERS:
            raise Malformed(f"a header has more than {MAX_PARAMETERS} parameters")
    return found


def _unquote(text: str, as_browsers_do: bool) -> str:
    if "\\" in text:
        text = (_form_pair if as_browsers_do else _quoted_pair).sub(r"\1", text)
    if as_browsers_do and "%" in text:
        text = text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
    return text


def _decode_extended(text: str) -> str:
    charset, quote_one, rest = text.partition("'")
    _language, quote_two, encoded = rest.partition("'")
    charset = charset.lower()
    if not quote_one or not quote_two or charset not in ("utf-8", "iso-8859-1") or _escape.search(encoded):
        raise Malformed("an extended header parameter is not of the form charset'language'value (RFC 8187)")
    head, *escapes = encoded.split("%")
    octets = [head.encode("ascii")]
    for escape in escapes:
        octets.append(bytes.fromhex(escape[:2]))
        octets.append(escape[2:].encode("ascii"))
    try:
        return b"".join(octets).decode(charset)
    except UnicodeDecodeError:
        raise Malformed("an extended header parameter is not valid in its charset (RFC 8187)") from None


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated header value, stripped, without the empty ones; quotes are honoured.

    ::

        split_list('gzip, , "a,b";q=1')    # ['gzip', '"a,b";q=1']

    A quote that is never closed takes the rest of the value into its element.
    """
    if '"' not in value:
        return [item for part in value.split(",") if (item := part.strip(" \t"))]
    items: list[str] = []
    start = at = 0
    while (stop := _list_stop(value, at)) is not None:
        at = stop.end()
        if stop[0] == ",":
            items.append(value[start : stop.start()].strip(" \t"))
            start = at
            continue
        quoted = _quoted(value, stop.start())
        if quoted is None:
            break
        at = quoted.end()
    items.append(value[start:].strip(" \t"))
    return [item for item in items if item]

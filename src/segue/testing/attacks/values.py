"""Hostile values, and how it shows that one of them got through."""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from segue.testing.response import ClientResponse

__all__ = ["ATTACKS", "CRASHES", "EVIL", "Attack", "leads_away"]

EVIL = "evil.example"
_PRODUCT = 31_337 * 1_009
_SCRIPT = "<script>segue(31337)</script>"
_PASSWD = re.compile(r"^root:[^:\n]*:0:0:", re.MULTILINE)


class Attack(NamedTuple):
    """A value, what it shows if it works, and what is to be done then. ``code``: as in ``# segue: ignore[code]``."""

    code: str
    value: str
    worked: Callable[[ClientResponse], bool]
    advice: str


def leads_away(reply: ClientResponse) -> bool:
    """Whether a browser would go to another site: it takes backslashes for slashes, and does not see tabs and line ends."""
    location = reply.headers.get("location", "")
    read = re.sub(r"[\t\r\n]", "", location.lstrip("\x00 \t\r\n")).replace("\\", "/")
    if re.match(r"https?:(?!//)", read, re.IGNORECASE):
        read = read.partition(":")[2]
        read = "//" + read.lstrip("/")
    host = urlsplit(urljoin("http://localhost/", read)).hostname or ""
    return 300 <= reply.status < 400 and (host == EVIL or host.endswith(f".{EVIL}"))


def _runs(reply: ClientResponse) -> bool:
    kind = reply.headers.get("content-type", "")
    return ("html" in kind or "svg" in kind) and _SCRIPT in reply.text


def _computed(reply: ClientResponse) -> bool:
    return str(_PRODUCT) in reply.text


def _read_a_file(reply: ClientResponse) -> bool:
    return _PASSWD.search(reply.text) is not None


def _split(reply: ClientResponse) -> bool:
    return "x-segue-attack" in reply.headers


_AWAY = "it sends visitors to any site that a link names: pass the target through segue.security.own_path()"
_SUM = f"{_PRODUCT // 1_009}*1009"

ATTACKS = (
    Attack("open-redirect", f"//{EVIL}/", leads_away, _AWAY),
    Attack("open-redirect", f"/\\{EVIL}/", leads_away, _AWAY),
    Attack("open-redirect", f"https://{EVIL}/", leads_away, _AWAY),
    Attack("open-redirect", f"https:{EVIL}/", leads_away, _AWAY),
    Attack("open-redirect", f"/\t/{EVIL}/", leads_away, _AWAY),
    Attack(
        "script-injection",
        f"\"'>{_SCRIPT}",
        _runs,
        "a value stands in its HTML as it came: use a template or elements, which escape it",
    ),
    Attack(
        "template-injection",
        f"{{{{{_SUM}}}}}${{{_SUM}}}<%={_SUM}%>",
        _computed,
        "a value is taken for a template and runs: hand values to a template, never put them into its text",
    ),
    Attack(
        "path-traversal",
        "../" * 12 + "etc/passwd",
        _read_a_file,
        "a value leads out of the folder that it is for: use app.files(), or look whether the resolved path is below it",
    ),
    Attack(
        "path-traversal",
        "/etc/passwd",
        _read_a_file,
        "a value names any file of the machine: join it to a folder, and look whether the resolved path is below that",
    ),
    Attack(
        "header-injection",
        "a\r\nx-segue-attack: 1",
        _split,
        "a line break in a value begins another header field: take control characters out of it",
    ),
)

#: What people and programs send, and a handler has to be able to refuse: none of it may be a failure of the server.
CRASHES = (
    "",
    "9" * 5_000,
    "-1",
    "1e999",
    "NaN",
    "\x00",
    "\ud800",
    "\U0001f600" * 20,
    "'\"`;--",
    "%",
    "{",
    "../",
    "a" * 3_000,
)

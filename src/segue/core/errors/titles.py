"""What error pages are called, in the language of who reads them."""

from collections.abc import Mapping

from segue.core.texts.lazy import LazyText
from segue.core.texts.texts import framework

__all__ = ["TITLES", "page_title"]

_ = framework.lazy_gettext

#: By status. A problem detail has the phrases of the registry instead: programs read it.
TITLES: Mapping[int, LazyText] = {
    400: _("Bad Request"),
    401: _("Unauthorized"),
    402: _("Payment Required"),
    403: _("Forbidden"),
    404: _("Not Found"),
    405: _("Method Not Allowed"),
    406: _("Not Acceptable"),
    407: _("Proxy Authentication Required"),
    408: _("Request Timeout"),
    409: _("Conflict"),
    410: _("Gone"),
    411: _("Length Required"),
    412: _("Precondition Failed"),
    413: _("Content Too Large"),
    414: _("URI Too Long"),
    415: _("Unsupported Media Type"),
    416: _("Range Not Satisfiable"),
    417: _("Expectation Failed"),
    421: _("Misdirected Request"),
    422: _("Unprocessable Content"),
    423: _("Locked"),
    424: _("Failed Dependency"),
    425: _("Too Early"),
    426: _("Upgrade Required"),
    428: _("Precondition Required"),
    429: _("Too Many Requests"),
    431: _("Request Header Fields Too Large"),
    451: _("Unavailable For Legal Reasons"),
    500: _("Internal Server Error"),
    501: _("Not Implemented"),
    502: _("Bad Gateway"),
    503: _("Service Unavailable"),
    504: _("Gateway Timeout"),
    505: _("HTTP Version Not Supported"),
    506: _("Variant Also Negotiates"),
    507: _("Insufficient Storage"),
    508: _("Loop Detected"),
    510: _("Not Extended"),
    511: _("Network Authentication Required"),
}


def page_title(status: int) -> str:
    """The title of the page of an error."""
    title = TITLES.get(status)
    return framework.gettext("Error") if title is None else str(title)

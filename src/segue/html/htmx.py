"""htmx: what it says in its requests, and what may be answered (htmx, "Reference"; versions 2 and 4)."""

import json
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from segue.http.request import Request
from segue.http.url import decode_path

__all__ = ["Htmx", "HtmxAnswer", "hx", "wants_fragment"]

Events = str | list[str] | Mapping[str, Any]


class Htmx:
    """What htmx says about the request: a parameter of this type has it, without it nothing is looked at.

        @app.get("/films")
        async def films(htmx: Htmx) -> Page:
            return render("films.html#list" if htmx else "films.html", films=...)

    It is true where htmx asks for a part of a page.
    """

    __slots__ = ("_headers", "_wants")

    def __init__(self, request: Request) -> None:
        self._headers = request.headers
        self._wants = wants_fragment(request)

    def __bool__(self) -> bool:
        return self._wants

    @property
    def is_request(self) -> bool:
        """Whether htmx has sent it, for a part or for a whole page."""
        return self._headers.get("hx-request") == "true"

    @property
    def is_boosted(self) -> bool:
        """Whether it is an ordinary link or form that htmx has made quicker: it wants a whole page."""
        return self._headers.get("hx-boosted") == "true"

    @property
    def is_history_restore(self) -> bool:
        """Whether the page is asked for because the browser went back and htmx does not have it any more."""
        return self._headers.get("hx-history-restore-request") == "true"

    @property
    def target(self) -> str | None:
        """The id of the element that is going to be changed."""
        return _id(self._headers.get("hx-target"))

    @property
    def trigger(self) -> str | None:
        """The id of the element that has sent it (``HX-Trigger``; ``HX-Source`` since htmx 4)."""
        return _id(self._headers.get("hx-trigger") or self._headers.get("hx-source"))

    @property
    def trigger_name(self) -> str | None:
        """The name of that element."""
        return self._headers.get("hx-trigger-name")

    @property
    def prompt(self) -> str | None:
        """What the user has typed at ``hx-prompt``."""
        return self._headers.get("hx-prompt")

    @property
    def current_url(self) -> str | None:
        """The URL that the browser shows."""
        url = self._headers.get("hx-current-url")
        return decode_path(url) if url is not None and "%" in url else url


class HtmxAnswer(TypedDict, total=False):
    """What an answer may tell htmx."""

    redirect: str
    """Go to this page, all of it."""
    location: str | Mapping[str, Any]
    """Go to this page without a reload; a mapping says more (``path``, ``target``, ``swap``, ...)."""
    refresh: bool
    """Load this page anew."""
    push_url: str | bool
    """Put this URL into the history and the address bar; False: not the one that was asked for."""
    replace_url: str | bool
    """The same, in place of the present one."""
    reswap: str
    """How it is swapped: ``"outerHTML"``, ``"beforeend"``, ``"none"``, ..."""
    retarget: str
    """What is changed instead: a CSS selector."""
    reselect: str
    """What of the answer is taken: a CSS selector."""
    trigger: Events
    """Events for the page: a name, names, or a mapping of names to their details."""
    trigger_after_swap: Events
    trigger_after_settle: Events


_EVENTS = ("trigger", "trigger_after_swap", "trigger_after_settle")


def hx(value: Any, /, **answer: Unpack[HtmxAnswer]) -> tuple[Any, dict[str, str]]:
    """A result with what it tells htmx.

    return hx(render("films.html#row", film=film), trigger={"saved": {"id": film.id}}, retarget="#films")
    return hx("", redirect="/login")
    """
    fields: dict[str, str] = {}
    for name, what in answer.items():
        if name in _EVENTS:
            text = _events(what)
        elif isinstance(what, Mapping):
            text = json.dumps(what)
        elif isinstance(what, bool):
            text = "true" if what else "false"
        else:
            text = str(what)
        if name == "refresh" and what is False:
            continue
        fields[f"hx-{name.replace('_', '-')}"] = text
    return value, fields


def _events(events: Any) -> str:
    if isinstance(events, str):
        return events
    return json.dumps(events) if isinstance(events, Mapping) else ", ".join(events)


def _id(text: str | None) -> str | None:
    # htmx 4 says `button#save` where htmx 2 says `save`.
    return None if text is None else text.rpartition("#")[2]


def wants_fragment(request: Request) -> bool:
    """Whether a part of the page was asked for: by htmx, neither for a whole page nor to restore one."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-boosted") != "true"
        and headers.get("hx-history-restore-request") != "true"
        and headers.get("hx-request-type") != "full"
    )

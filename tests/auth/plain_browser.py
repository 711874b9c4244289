"""A browser with cookies for servers on a real socket, which says where it is sent instead of going there."""

from __future__ import annotations

from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request as Call, build_opener


class Page(NamedTuple):
    status: int
    text: str
    location: str


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *given: Any) -> None:
        return None


class Browser:
    def __init__(self) -> None:
        self._opener = build_opener(_Stay, HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> Page:
        return self._open(Call(url))

    def post(self, url: str, **fields: str) -> Page:
        return self._open(Call(url, urlencode(fields).encode(), {"sec-fetch-site": "same-origin"}))

    def _open(self, call: Call) -> Page:
        try:
            with self._opener.open(call, timeout=30) as answer:
                return Page(answer.status, answer.read().decode(), "")
        except HTTPError as error:
            with error:
                return Page(error.code, error.read().decode(), error.headers.get("location", ""))

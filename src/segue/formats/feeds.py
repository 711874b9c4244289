"""Feeds: what is new on a site, as RSS 2.0 or Atom (RFC 4287)."""

import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from segue.formats.base import PlainFormat
from segue.formats.xml import DECLARATION, escape
from segue.http.request import Request

__all__ = ["RSS", "Atom", "Feed", "Item"]


class Item(Struct, kw_only=True):
    """One entry of a feed. ``summary`` and ``content`` are text; ``html``: HTML, which readers clean themselves.

    ``id``: what never changes, by default the link. ``published``, ``updated``: a time without zone is UTC.
    """

    title: str
    link: str
    id: str = ""
    summary: str = ""
    html: str = ""
    author: str = ""
    published: datetime.datetime | None = None
    updated: datetime.datetime | None = None
    categories: list[str] = []


class Feed(Struct, kw_only=True):
    """What RSS and Atom make a feed of.

        @app.get("/blog", formats=[RSS, Atom], suffixes=True)
        async def blog() -> Feed:
            return Feed(title="News", link="/", items=[Item(title=post.title, link=f"/posts/{post.id}")])

    Links that are paths are made whole by the request. A dict or model with these fields will do too.
    """

    title: str
    link: str
    description: str = ""
    language: str = ""
    author: str = ""
    updated: datetime.datetime | None = None
    items: list[Item] = []


class _FeedFormat(PlainFormat):
    """What the two have in common."""

    def encode(self, value: Any) -> bytes:
        return self._written(self._feed(value), "", "")

    def render(self, value: Any, request: Request) -> bytes:
        return self._written(self._feed(value), request.url.origin, str(request.url))

    def _feed(self, value: Any) -> Feed:
        if isinstance(value, Feed):
            return value
        try:
            return msgspec.convert(self.plain(value), Feed)
        except msgspec.ValidationError as error:
            raise ValueError(f"it is no Feed: {error}") from None

    def _written(self, feed: Feed, origin: str, own: str) -> bytes:
        raise NotImplementedError


class RSS(_FeedFormat):
    """RSS 2.0 of a Feed."""

    name = "rss"
    media_types = ("application/rss+xml",)
    suffixes = ("rss",)

    def _written(self, feed: Feed, origin: str, own: str) -> bytes:
        parts = [
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>',
            _element("title", feed.title),
            _element("link", _whole(feed.link, origin)),
            _element("description", feed.description or feed.title),
            _element("language", feed.language),
            _element("lastBuildDate", _mail_date(_newest(feed))),
        ]
        if own:
            parts.append(f'<atom:link rel="self" type="application/rss+xml" href="{escape(own)}"/>')
        for item in feed.items:
            link = _whole(item.link, origin)
            permanent = "false" if item.id else "true"
            parts += [
                "<item>",
                _element("title", item.title),
                _element("link", link),
                f'<guid isPermaLink="{permanent}">{escape(item.id or link)}</guid>',
                _element("description", item.html or escape(item.summary)),
                _element("pubDate", _mail_date(item.published or item.updated)),
                *[_element("category", one) for one in item.categories],
                "</item>",
            ]
        return DECLARATION + "".join([*parts, "</channel></rss>\n"]).encode()


class Atom(_FeedFormat):
    """Atom (RFC 4287) of a Feed."""

    name = "atom"
    media_types = ("application/atom+xml",)
    suffixes = ("atom",)

    def _written(self, feed: Feed, origin: str, own: str) -> bytes:
        link = _whole(feed.link, origin)
        parts = [
            '<feed xmlns="http://www.w3.org/2005/Atom">',
            _element("title", feed.title),
            _element("subtitle", feed.description),
            _element("id", own or link),
            f'<link rel="alternate" href="{escape(link)}"/>',
            f'<link rel="self" href="{escape(own)}"/>' if own else "",
            _element("updated", _iso(_newest(feed))),
            f"<author>{_element('name', feed.author or feed.title)}</author>",
        ]
        for item in feed.items:
            link = _whole(item.link, origin)
            parts += [
                "<entry>",
                _element("title", item.title),
                _element("id", item.id or link),
                f'<link rel="alternate" href="{escape(link)}"/>',
                _element("updated", _iso(item.updated or item.published)),
                _element("published", _iso(item.published) if item.published else ""),
                f"<author>{_element('name', item.author)}</author>" if item.author else "",
                *[f'<category term="{escape(one)}"/>' for one in item.categories],
                _element("summary", item.summary),
                f'<content type="html">{escape(item.html)}</content>' if item.html else "",
                "</entry>",
            ]
        return DECLARATION + "".join([*parts, "</feed>\n"]).encode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def _whole(link: str, origin: str) -> str:
    """A link as a whole URL. Raises ValueError for one that a reader should not follow (``javascript:``)."""
    if urlsplit(link.strip()).scheme.lower() not in ("", "http", "https", "mailto"):
        raise ValueError(f"a feed does not link to {link!r:.80}")
    return urljoin(f"{origin}/", link) if origin else link


def _newest(feed: Feed) -> datetime.datetime | None:
    times = [one for item in feed.items if (one := item.updated or item.published) is not None]
    return feed.updated or max(map(_utc, times), default=None)


def _utc(time: datetime.datetime) -> datetime.datetime:
    return time.replace(tzinfo=datetime.UTC) if time.tzinfo is None else time


def _mail_date(time: datetime.datetime | None) -> str:
    return "" if time is None else format_datetime(_utc(time))


def _iso(time: datetime.datetime | None) -> str:
    # Atom demands a time; for what has none it is the beginning.
    whole = _utc(time or datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))
    return whole.isoformat(timespec="seconds").replace("+00:00", "Z")

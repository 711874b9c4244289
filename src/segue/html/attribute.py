"""Attributes of elements: names that are checked, values that are escaped, URLs that run nothing."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

__all__ = ["BadAttribute", "UnsafeURL", "attribute_name", "attributes", "safe_url", "url_attributes"]

_NAME = re.compile(r"[A-Za-z_@:][A-Za-z0-9_.:@-]*\Z")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
#: What browsers take out of a URL before they read its scheme (WHATWG URL, "basic URL parser").
_IGNORED = re.compile(r"[\x00-\x20\x7f]+")

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "sms", "geo", "webcal", "blob", "cid"})
_DATA = re.compile(r"data:image/(?:png|gif|jpeg|webp|avif)[;,]", re.IGNORECASE)

#: Attributes whose value is a URL that is loaded, followed or sent to.
url_attributes = frozenset(
    {
        "href", "src", "action", "formaction", "poster", "background", "cite", "data", "manifest", "ping", "longdesc",
        "xlink:href", "codebase", "icon", "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "hx-push-url",
    }
)  # fmt: skip


class BadAttribute(ValueError):
    """A name that no attribute can have, or a value that it cannot take."""


class UnsafeURL(ValueError):
    """A URL that would run a script where it is followed."""


def safe_url(value: Any, attribute: str = "href") -> str:
    """The URL as text. Raises UnsafeURL for one whose scheme may run code: ``javascript:``, ``vbscript:``, ``data:``.

    Paths, and schemes that lead somewhere, are fine; ``data:`` is for images only. Whatever browsers skip while they
    read the scheme is skipped here too. Markup is what its author vouches for.
    """
    text = str(value)
    if hasattr(value, "__html__"):
        return text
    read = _IGNORED.sub("", text)
    scheme = _SCHEME.match(read)
    if scheme is None or scheme[1].lower() in SAFE_SCHEMES:
        return text
    if attribute in ("src", "poster", "background") and _DATA.match(read):
        return text
    raise UnsafeURL(
        f"{attribute}={text!r:.120} could run code where it is followed. URLs have no scheme, or one of: "
        f"{', '.join(sorted(SAFE_SCHEMES))}; for images `data:image/png` and its likes too. A URL that comes from "
        f"somebody else is checked before it is stored"
    )


def attribute_name(name: str) -> str:
    """How an attribute of Python is written: ``class_``, ``for_``, ``data_id``, ``aria_label``, ``hx_get``.

    Raises BadAttribute for a name that would end the attribute or the tag (HTML, section 13.1.2.3).
    """
    if not _NAME.match(name):
        raise BadAttribute(
            f"{name!r:.80} is no name of an attribute: it has letters, digits, and _ . : @ -, and begins with no digit"
        )
    return name


def python_name(name: str) -> str:
    """The attribute for the name of a parameter: what Python reserves ends in ``_``, and ``_`` stands for ``-``."""
    stripped = name.removesuffix("_") if not name.startswith("_") else name
    return stripped.replace("_", "-")


def attributes(*tables: Mapping[str, Any], **named: Any) -> Markup:
    """Mappings and names as they stand in a tag, with a space before each.

        <a{{ attributes(link, class_="button") }}>

    True is the name alone, False and None are nothing. Of ``class`` and ``style``, lists are joined and dicts give those
    names whose value is true (``class``), or ``name: value`` pairs (``style``). URLs are checked; see :func:`safe_url`.

    Raises BadAttribute for names that are none and for scripts in attributes (``onclick``), UnsafeURL.
    """
    found: dict[str, Any] = {}
    for table in tables:
        for name, value in table.items():
            found[attribute_name(name)] = value
    for name, value in named.items():
        found[attribute_name(python_name(name))] = value
    return Markup("".join([written(name, value) for name, value in found.items()]))  # noqa: S704 -- made of escaped parts


def written(name: str, value: Any) -> str:
    """One attribute with a space before it; nothing for None and False."""
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    lower = name.lower()
    if lower == "class":
        value = " ".join(_classes(value))
    elif lower == "style":
        value = _style(value)
    elif lower in url_attributes:
        value = safe_url(value, lower)
    elif lower.startswith(("on", "hx-on", "x-on")):
        raise BadAttribute(
            f"{name}= is code, which a policy forbids and values could break: put what it needs into data-... and "
            f"listen in a script"
        )
    elif lower == "srcdoc" and not hasattr(value, "__html__"):
        value = escape(value)  # it is read as HTML once more
    return f' {name}="{quoted(value)}"'


def quoted(value: Any) -> str:
    """A value as it stands between double quotes; what is HTML already keeps its references and loses its quotes."""
    if hasattr(value, "__html__"):
        return str(value.__html__()).replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;")
    return str(escape(value))


def _classes(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [str(name) for name, on in value.items() if on]
    return [name for one in value if one for name in _classes(one)]


def _style(value: Any) -> str:
    if isinstance(value, str):
        return value
    pairs = value.items() if isinstance(value, Mapping) else value
    return "; ".join(f"{_property(name)}: {css(one)}" for name, one in pairs if one is not None)


_PROPERTY = re.compile(r"-{0,2}[A-Za-z][A-Za-z0-9-]*\Z")
_PLAIN_CSS = re.compile(r"[A-Za-z0-9 .,%#+_-]*\Z")
_NOT_PLAIN_CSS = re.compile(r"[^A-Za-z0-9 .,%#+_-]")


def _property(name: str) -> str:
    if not _PROPERTY.match(name):
        raise BadAttribute(f"{name!r:.80} is no property of a style")
    return name


def css(value: Any) -> str:
    """A value in a style: letters, digits and ``. , % # + -`` stay, all else is escaped and so ends nothing (CSS Syntax, 4.3.7)."""
    text = str(value)
    if _PLAIN_CSS.match(text):
        return text
    return _NOT_PLAIN_CSS.sub(lambda char: f"\\{ord(char[0]):x} ", text)

"""JSON that may stand in a page: in a script, or in an attribute."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from segue.core.binding.json_codec import DEFAULT_JSON

__all__ = ["json_for_page", "json_script"]

_DANGEROUS = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'\u2028\u2029"}


def json_for_page(value: Any, encode: Callable[[Any], bytes] = DEFAULT_JSON.encode) -> Markup:
    """JSON of a value that neither ends a script nor begins a comment or a tag: ``<script>let films = ...</script>``.

    ``< > & '`` and the line ends of Unicode are escaped as JSON may; so it is the same value for ``JSON.parse`` and for
    JavaScript. In an attribute it needs escaping as all else: h and templates do that. Raises TypeError for what has no
    JSON.
    """
    return Markup(encode(value).decode().translate(_DANGEROUS))  # noqa: S704 -- what is dangerous was escaped


def json_script(
    value: Any, id: str | None = None, encode: Callable[[Any], bytes] = DEFAULT_JSON.encode
) -> Markup:
    """A script element that is data, for scripts to read; no policy forbids it.

    {{ films|json_script("films") }}     ->  JSON.parse(document.getElementById("films").textContent)
    """
    named = "" if id is None else f' id="{escape(id)}"'
    return Markup(f'<script type="application/json"{named}>{json_for_page(value, encode)}</script>')  # noqa: S704 -- as above

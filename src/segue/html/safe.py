"""HTML that somebody else has written, made safe to be shown: what may run or look like something else is taken out."""

from collections.abc import Mapping, Set as AbstractSet
from typing import Any

from markupsafe import Markup

from segue.core.binding.validated import Validates

__all__ = ["ATTRIBUTES", "TAGS", "clean_html", "safe_html"]

#: What text needs that was formatted: no styles, no forms, nothing embedded.
TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
ATTRIBUTES: Mapping[str, AbstractSet[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "img": {"alt", "height", "src", "width"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}


def clean_html(
    html: str,
    *,
    tags: AbstractSet[str] = TAGS,
    attributes: Mapping[str, AbstractSet[str]] = ATTRIBUTES,
    schemes: AbstractSet[str] = frozenset(_SCHEMES),
) -> Markup:
    """HTML with these elements, attributes and schemes of URLs only, well formed: it may be shown as it is.

        {{ clean_html(comment) }}

    It is read as a browser reads it (by ammonia: ``pip install 'segue[safe]'``), so that nothing hides in what is broken. Scripts and styles
    are taken out with what is in them, of other elements what they contain stays. Links get ``rel="nofollow noopener noreferrer"``.
    """
    try:
        import nh3
    except ImportError as error:
        raise ImportError("HTML of others is made safe by nh3: pip install 'segue[safe]'") from error
    refused = {"script", "style"} & set(tags)
    if refused:
        raise ValueError(
            f"clean_html lets no {' and no '.join(sorted(refused))} through: what is in it would run"
        )
    made: Any = nh3.clean(
        html,
        tags=set(tags),
        attributes={name: set(those) for name, those in attributes.items()},
        url_schemes=set(schemes),
        link_rel="nofollow noopener noreferrer",
    )
    return Markup(made)  # noqa: S704 -- this is what was done here


def safe_html(
    *, tags: AbstractSet[str] = TAGS, attributes: Mapping[str, AbstractSet[str]] = ATTRIBUTES
) -> Validates:
    """For an annotation, or ``field(validate=...)``: text that is HTML, kept with what is safe in it only.

    class Post(Model):
        body: Field[str] = field(text=True, validate=safe_html())        # {{ post.body|safe }}
    """
    return Validates(lambda html: str(clean_html(html, tags=tags, attributes=attributes)))

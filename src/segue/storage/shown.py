"""Which kept files a browser may show; the others it downloads, so that none of them runs as a page."""

__all__ = ["is_shown"]

# A picture in SVG is a page that runs scripts.
_SHOWN = frozenset(
    (
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "text/plain",
        "application/pdf",
    )
)
_SHOWN_KINDS = ("audio/", "video/")


def is_shown(content_type: str) -> bool:
    """Whether a browser shows a file of this media type without running anything of it."""
    content_type = content_type.partition(";")[0]
    return content_type in _SHOWN or content_type.startswith(_SHOWN_KINDS)

"""The header fields that every response has unless it sets them itself: the safe choice where HTTP's own is not."""

from segue.http.headers import RawHeaders

__all__ = ["DEFAULT_HEADERS"]

DEFAULT_HEADERS: RawHeaders = [
    # A browser does not guess another type than the one that is sent: an upload stays what it is said to be.
    (b"x-content-type-options", b"nosniff"),
    # Other sites learn where a visitor comes from, but not which page.
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    # No page of another site shows ours in a frame and has clicks land on it.
    (b"x-frame-options", b"DENY"),
    # A page that opens ours, or is opened by it, gets no handle on it.
    (b"cross-origin-opener-policy", b"same-origin"),
    # Pages of other sites cannot embed what is not meant for them; CORS, which they must ask for, still can.
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""``app.default_headers`` begins as a copy of these: change it there, for all responses of the app."""

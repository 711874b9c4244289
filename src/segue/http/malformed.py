"""What the parsers of this package raise for input that breaks a grammar or has too many of something."""

from segue.http.errors import BadRequest

__all__ = ["Malformed"]


class Malformed(BadRequest, ValueError):
    """The input is not what its standard says: a 400 when it came with a request.

    It is a `ValueError` too, for those who parse text that did not come from a request. Its detail is shown to
    the client, so it says which rule was broken and never repeats what was sent.
    """

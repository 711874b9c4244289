"""What is said of a file that is not kept."""

from segue.http.errors import UnprocessableContent

__all__ = ["FileRefused"]


class FileRefused(UnprocessableContent, ValueError):
    """The file is not what was asked for: no picture, too large, something else than it says.

    A 422 where nobody catches it; in the check of a form, a message at its field. ``detail`` is for who has sent the file.
    """

"""Widgets for files, which look at what was sent before the app does."""

from collections.abc import Mapping, Sequence
from typing import Any

from segue.html.forms.choices import Choice
from segue.html.forms.fieldtype import FieldType
from segue.html.forms.messages import Refused
from segue.html.forms.widgets import Widget
from segue.http.uploads import UploadFile

__all__ = ["FileInput", "ImageInput"]

#: How the files of a type begin, and what follows after eight bytes.
_BEGINNINGS: Mapping[str, tuple[bytes, bytes]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n", b""),
    "image/jpeg": (b"\xff\xd8\xff", b""),
    "image/gif": (b"GIF8", b""),
    "image/webp": (b"RIFF", b"WEBP"),
}


class FileInput(Widget):
    """A file: ``FileInput(accept=["application/pdf", ".txt"], max_size=1_000_000)``.

    ``accept``: media types and suffixes, of which the name of the file or what the browser says of it has to be one: a help
    for people, as both are claims. ``max_size``: bytes.
    """

    upload = True
    secret = True

    def __init__(self, *, accept: Sequence[str] = (), max_size: int | None = None, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.accept = tuple(accept)
        self.max_size = max_size

    def attributes(self, told: FieldType, *, required: bool) -> Mapping[str, Any]:
        return {"required": required, "accept": ",".join(self.accept) or None}

    def input(self, attributes: str, value: Any, choices: Sequence[Choice]) -> str:
        return f'<input type="file"{attributes}>'

    def check(self, file: UploadFile) -> None:
        """Raises Refused for a file that is not taken."""
        if self.max_size is not None and file.size > self.max_size:
            raise Refused("file_size", _size(self.max_size))
        if self.accept and not any(_fits(file, one) for one in self.accept):
            raise Refused("file_type", ", ".join(self.accept))


class ImageInput(FileInput):
    """An image: its first bytes say of which kind it is, whatever its name says.

    It is not decoded: before it is shown to others, make an image of your own from it.
    """

    def __init__(
        self, *, accept: Sequence[str] = tuple(_BEGINNINGS), max_size: int | None = None, **attributes: Any
    ) -> None:
        unknown = [one for one in accept if one not in _BEGINNINGS]
        if unknown:
            raise ValueError(
                f"ImageInput knows how images of these types begin: {', '.join(_BEGINNINGS)}. For {unknown[0]!r:.80} take "
                f"FileInput, and look at the file yourself"
            )
        super().__init__(accept=accept, max_size=max_size, **attributes)

    def check(self, file: UploadFile) -> None:
        if self.max_size is not None and file.size > self.max_size:
            raise Refused("file_size", _size(self.max_size))
        file.seek(0)
        start = file.read(12)
        file.seek(0)
        if not any(_begins(start, one) for one in self.accept):
            raise Refused("image", ", ".join(self.accept))


def _begins(start: bytes, media_type: str) -> bool:
    first, after = _BEGINNINGS[media_type]
    return start.startswith(first) and (not after or start[8:].startswith(after))


def _fits(file: UploadFile, wanted: str) -> bool:
    if wanted.startswith("."):
        return file.filename.lower().endswith(wanted.lower())
    if wanted.endswith("/*"):
        return file.content_type.startswith(wanted[:-1])
    return file.content_type == wanted


def _size(size: int) -> str:
    for unit, bytes_ in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= bytes_:
            return f"{round(size / bytes_, 1):g} {unit}"
    return f"{size} bytes"

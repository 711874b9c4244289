"""Pictures that people send: what they really are, how large, and written anew, so that nothing else travels in them."""

import contextlib
import io
import threading
from collections.abc import Generator, Sequence
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from msgspec import Struct

from segue.core.texts.texts import framework
from segue.storage.refused import FileRefused

_ = framework.gettext

__all__ = ["Format", "Images", "Picture", "look_at", "thumbnail"]

Format: TypeAlias = Literal["PNG", "JPEG", "GIF", "WEBP", "AVIF"]

_SUFFIXES: dict[str, str] = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp", "AVIF": "avif"}
_MODES = {
    "JPEG": ("L", "RGB"),
    "GIF": ("L", "P", "RGB", "RGBA"),
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
}
_ANIMATED = ("GIF", "WEBP")
_LARGEST_PROFILE = 100_000
_FILLED_UP = threading.RLock()
_MOST_PIXELS = 40_000_000


class Picture(Struct, frozen=True):
    """A picture that was looked at. ``content``: it, written anew; ``suffix``: that of its true format."""

    content: bytes
    format: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """The ending of its name."""
        return _SUFFIXES[self.format]

    @property
    def content_type(self) -> str:
        """Its media type."""
        return f"image/{self.format.lower()}"


class Images(Struct, frozen=True, kw_only=True):
    """A check for :meth:`Storage.save`: it has to be a picture, and is kept as one that Segue has written.

        kept = await media.save(picture, check=Images(formats=["JPEG", "PNG"], max_width=4000, max_height=4000))

    ``formats``: those that are taken, found out from the bytes, whatever the name and the browser say. ``max_pixels``: in all
    frames; it is asked before anything is unpacked. ``max_width``, ``max_height``, ``min_width``, ``min_height``: in pixels. ``shrink``: a
    larger one is made smaller, not refused. ``animated``: more frames than one are kept (GIF, WebP), up to ``max_frames``; else
    the first is. ``quality``: of JPEG, WebP and AVIF.

    What was hidden in the file is gone: other formats behind it, scripts in comments, the place where it was taken. It is
    turned as the camera says. Needs Pillow: ``pip install 'segue[storage]'``.
    """

    formats: Sequence[Format] = ("PNG", "JPEG", "GIF", "WEBP")
    max_pixels: int = _MOST_PIXELS
    max_width: int = 10_000
    max_height: int = 10_000
    min_width: int = 1
    min_height: int = 1
    shrink: bool = False
    animated: bool = False
    max_frames: int = 300
    quality: int = 88

    def __post_init__(self) -> None:
        unknown = set(self.formats) - set(get_args(Format))
        if unknown or not self.formats:
            raise ValueError(
                f"formats are {', '.join(get_args(Format))}, not {', '.join(map(str, unknown)) or 'none'}"
            )

    def __call__(self, file: BinaryIO) -> Picture:
        """The picture of an open file. Blocks. Raises FileRefused."""
        return look_at(file, self)


def look_at(file: BinaryIO, rules: Images | None = None) -> Picture:
    """The picture of an open file, by the rules of ``Images``. Blocks: for a thread.

    Raises FileRefused, which says to whoever has sent it what is wrong.
    """
    rules = rules or Images()
    image_module = _pillow()
    try:
        with _whole(), image_module.open(file, formats=list(rules.formats)) as image:
            frames = _checked_frames(image, rules)
            return _written(image, frames, rules)
    except FileRefused:
        raise
    except (image_module.DecompressionBombError, image_module.DecompressionBombWarning):
        raise FileRefused(
            _("The picture has more than %(most)s pixels.", most=f"{rules.max_pixels:,}")
        ) from None
    except image_module.UnidentifiedImageError:
        raise FileRefused(
            _("This is no picture. Pictures are %(formats)s.", formats=", ".join(rules.formats))
        ) from None
    except Exception as error:
        # A decoder fails at a broken file in any way it likes.
        raise FileRefused(_("The picture is broken: it cannot be read to its end.")) from error


def thumbnail(content: bytes, width: int, height: int, *, crop: bool = False) -> bytes:
    """A small picture, as WebP, which fits into ``width`` x ``height``, or fills it. Blocks. Raises FileRefused."""
    if not (0 < width <= 4096 and 0 < height <= 4096):
        raise ValueError(f"a thumbnail has from 1 to 4096 pixels each way, not {width} x {height}")
    picture = look_at(
        io.BytesIO(content),
        Images(formats=get_args(Format), max_width=50_000, max_height=50_000, shrink=False, quality=95),
    )
    from PIL import ImageOps

    with _pillow().open(io.BytesIO(picture.content)) as image:
        if crop:
            image = ImageOps.fit(_in_mode(image, "WEBP"), (width, height))
        else:
            image = _in_mode(image, "WEBP")
            image.thumbnail((width, height))
        made = io.BytesIO()
        image.save(made, "WEBP", quality=80)
    return made.getvalue()


def _checked_frames(image: Any, rules: Images) -> int:
    """How many frames are kept. Nothing is unpacked yet."""
    width, height = image.size
    frames = 1
    if rules.animated and image.format in _ANIMATED:
        frames = int(getattr(image, "n_frames", 1))
        if frames > rules.max_frames:
            raise FileRefused(
                _(
                    "The picture has %(frames)d frames, and %(most)d are allowed.",
                    frames=frames,
                    most=rules.max_frames,
                )
            )
    if width * height * frames > rules.max_pixels:
        raise FileRefused(
            _("The picture has more than %(most)s pixels.", most=f"{rules.max_pixels:,}"),
            internal={"pixels": f"{width} x {height} in {frames} frames"},
        )
    size = f"{width} x {height}"
    if width < rules.min_width or height < rules.min_height:
        least = f"{rules.min_width} x {rules.min_height}"
        raise FileRefused(_("The picture has %(size)s pixels, and needs %(least)s.", size=size, least=least))
    if (width > rules.max_width or height > rules.max_height) and not rules.shrink:
        most = f"{rules.max_width} x {rules.max_height}"
        raise FileRefused(
            _("The picture has %(size)s pixels, and %(most)s are allowed.", size=size, most=most)
        )
    return frames


def _written(image: Any, frames: int, rules: Images) -> Picture:
    from PIL import ImageSequence

    kind = str(image.format)
    kind = "JPEG" if kind == "MPO" else kind
    options: dict[str, Any] = {}
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and len(profile) <= _LARGEST_PROFILE:
        options["icc_profile"] = profile
    if kind in ("JPEG", "WEBP", "AVIF"):
        options["quality"] = rules.quality
    bounds = (rules.max_width, rules.max_height)
    if frames > 1:
        pages = []
        for frame in ImageSequence.Iterator(image):
            page = frame.convert("RGBA")
            page.thumbnail(bounds)
            pages.append(page)
        first, *others = pages
        options |= {"save_all": True, "append_images": others, "loop": image.info.get("loop", 0)}
        options["duration"] = image.info.get("duration", 100)
        made_of = first
    else:
        image.load()
        made_of = _in_mode(_turned(image), kind)
        made_of.thumbnail(bounds)
        # What Pillow would carry over by itself, such as the position and comments.
        made_of.info = {name: made_of.info[name] for name in ("transparency",) if name in made_of.info}
    made = io.BytesIO()
    made_of.save(made, kind, **options)
    return Picture(made.getvalue(), kind, *made_of.size)


@contextlib.contextmanager
def _whole() -> Generator[None]:
    """Pictures that were cut are refused, though other libraries (WeasyPrint) let Pillow fill them up for the whole process."""
    from PIL import ImageFile

    if not ImageFile.LOAD_TRUNCATED_IMAGES:
        yield
        return
    with _FILLED_UP:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _turned(image: Any) -> Any:
    """The picture as the camera says that it is held."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 -- what a camera says may be nonsense, and the picture a good one
        return image


def _in_mode(image: Any, kind: str) -> Any:
    """The picture in colours that its format can have."""
    allowed = _MODES.get(kind, ("RGB", "RGBA"))
    if image.mode in allowed:
        return image.copy()
    alpha = image.mode in ("LA", "PA", "RGBa", "La") or "transparency" in image.info
    return image.convert("RGBA" if alpha and "RGBA" in allowed else "RGB")


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("pictures need the package Pillow: pip install 'segue[storage]'") from None
    return Image

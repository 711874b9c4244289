"""Pictures for tests: good ones, and some that are not what they say."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

__all__ = ["bomb", "exif_with_place", "gif_of", "picture"]


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    made = io.BytesIO()
    image.convert(mode).save(made, kind, **options)
    return made.getvalue()


def gif_of(frames: int, size: tuple[int, int] = (20, 10)) -> bytes:
    """An animation."""
    pages = [Image.new("RGB", size, (n * 7 % 256, 0, 0)) for n in range(frames)]
    made = io.BytesIO()
    pages[0].save(made, "GIF", save_all=True, append_images=pages[1:], duration=80, loop=0)
    return made.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it has very many pixels, and has the data for it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)
        )

    packer = zlib.compressobj(9)
    row = b"\0" * (width // 8 + 2)
    packed = b"".join(packer.compress(row) for _ in range(min(height, 2000))) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def exif_with_place() -> Any:
    """What a telephone writes: turned by 90 degrees, taken at a place."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken by somebody"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    return exif

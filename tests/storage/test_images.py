"""Pictures: what is taken, what is refused before it costs anything, and what is left of what was hidden in one."""

from __future__ import annotations

import asyncio
import io
import tracemalloc
import zipfile

import pytest
from pictures import bomb, exif_with_place, gif_of, picture
from PIL import Image, ImageFile

from segue.storage import FileRefused, Images, Storage, look_at

SCRIPT = b"<script>alert(document.domain)</script><?php system($_GET['c']); ?>"


def test_a_picture_that_was_cut_is_refused_whatever_other_libraries_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """WeasyPrint lets Pillow fill up what is missing, for the whole process."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(FileRefused, match="broken"):
        look_at(io.BytesIO(picture("JPEG", (800, 600))[:-2000]))
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def looked_at(content: bytes, rules: Images | None = None) -> Image.Image:
    made = look_at(io.BytesIO(content), rules)
    image = Image.open(io.BytesIO(made.content))
    assert (image.format, image.size) == (made.format, (made.width, made.height))
    return image


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("JPEG", "L"), ("JPEG", "CMYK"), ("JPEG", "RGB"),
     ("GIF", "P"), ("WEBP", "RGBA"), ("WEBP", "RGB")],
)  # fmt: skip
def test_pictures_stay_what_they_show(kind: str, mode: str) -> None:
    image = looked_at(picture(kind, mode="L" if mode == "I;16" else mode))
    assert (image.format, image.size) == (kind, (60, 40))
    colours = image.convert("RGB")
    left, right = colours.getpixel((5, 20)), colours.getpixel((55, 20))
    assert left != right


def test_the_type_is_what_the_bytes_say() -> None:
    storage = Storage("memory:")

    async def main() -> None:
        kept = await storage.save(picture("PNG"), filename="page.html", check=Images())
        assert kept.name.endswith(".png")
        assert (kept.content_type, kept.width, kept.height) == ("image/png", 60, 40)
        for content in (
            b"",
            b"<svg onload='alert(1)'/>",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
            SCRIPT,
            picture("BMP"),
        ):
            with pytest.raises(FileRefused):
                await storage.save(content, filename="portrait.png", check=Images())
        with pytest.raises(FileRefused, match=r"This is no picture. Pictures are PNG, JPEG."):
            await storage.save(picture("GIF"), check=Images(formats=["PNG", "JPEG"]))
        with pytest.raises(FileRefused, match="broken"):
            await storage.save(picture("JPEG", (800, 600))[:-2000], check=Images())
        assert [one.name async for one in storage.names()] == [kept.name]

    asyncio.run(main())


def test_what_is_hidden_in_a_picture_is_gone() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.class", "x")
    gif = bytearray(picture("GIF"))
    for content in (
        picture("PNG") + SCRIPT,
        picture("JPEG") + archive.getvalue(),
        picture("JPEG", comment=SCRIPT),
        picture("GIF", comment=SCRIPT),
        bytes(gif) + SCRIPT,
        picture("WEBP", exif=b"Exif\0\0" + SCRIPT, xmp=SCRIPT),
        picture("PNG", icc_profile=SCRIPT * 5000),
    ):
        made = look_at(io.BytesIO(content)).content
        assert b"script" not in made
        assert b"php" not in made
        assert b"PK\x03\x04" not in made
        assert not zipfile.is_zipfile(io.BytesIO(made))


def test_it_is_turned_as_the_camera_says_and_forgets_where_it_was() -> None:
    image = looked_at(picture("JPEG", (60, 40), exif=exif_with_place()))
    assert image.size == (40, 60)
    assert dict(image.getexif()) == {}
    top, bottom = image.getpixel((20, 3)), image.getpixel((20, 56))
    assert top[0] > 200 > top[2]
    assert bottom[2] > 200 > bottom[0]


@pytest.mark.parametrize("size", [(20_000, 20_000), (8_000, 8_000), (65_535, 65_535), (400_000, 200)])
def test_a_bomb_is_refused_before_it_goes_off(size: tuple[int, int]) -> None:
    content = bomb(*size)
    assert len(content) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused, match="pixels"):
            look_at(io.BytesIO(content), Images(max_pixels=10_000_000))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5_000_000


def test_sizes_and_frames_are_within_the_rules() -> None:
    rules = Images(max_width=50, max_height=50, min_width=10, min_height=10)
    with pytest.raises(FileRefused, match="60 x 40 pixels, and 50 x 50 are allowed"):
        look_at(io.BytesIO(picture()), rules)
    with pytest.raises(FileRefused, match="needs 10 x 10"):
        look_at(io.BytesIO(picture(size=(9, 20))), rules)
    assert looked_at(picture(), Images(max_width=30, max_height=30, shrink=True)).size == (30, 20)
    assert getattr(looked_at(gif_of(12)), "n_frames", 1) == 1
    assert getattr(looked_at(gif_of(12), Images(animated=True)), "n_frames", 1) == 12
    with pytest.raises(FileRefused, match="12 frames, and 10 are allowed"):
        look_at(io.BytesIO(gif_of(12)), Images(animated=True, max_frames=10))
    with pytest.raises(FileRefused, match="more than 2,000 pixels"):
        look_at(io.BytesIO(gif_of(12)), Images(animated=True, max_pixels=2000))
    with pytest.raises(ValueError, match="formats are PNG"):
        Images(formats=["SVG"])  # type: ignore[list-item] # that is what is tried


def test_thumbnails_are_made_once_and_go_with_their_picture() -> None:
    storage = Storage("memory:")

    async def main() -> None:
        kept = await storage.save(picture("JPEG", (600, 400)), folder="posters", check=Images())
        small = await storage.thumbnail(kept.name, 90, 90)
        assert small == f"thumbnails/{kept.name}/90x90.webp"
        assert Image.open(io.BytesIO(await storage.read(small))).size == (90, 60)
        square = await storage.thumbnail(kept.name, 90, 90, crop=True)
        assert Image.open(io.BytesIO(await storage.read(square))).size == (90, 90)
        made = await storage.facts(small)
        assert await storage.thumbnail(kept.name, 90, 90) == small
        assert await storage.facts(small) == made
        text = await storage.save(b"no picture", filename="a.png")
        with pytest.raises(FileRefused):
            await storage.thumbnail(text.name, 10, 10)
        with pytest.raises(FileNotFoundError):
            await storage.thumbnail("nothing.png", 10, 10)
        with pytest.raises(ValueError, match="from 1 to 4096"):
            await storage.thumbnail(kept.name, 0, 90_000)
        await storage.delete(kept.name)
        assert [one.name async for one in storage.names()] == [text.name]

    asyncio.run(main())

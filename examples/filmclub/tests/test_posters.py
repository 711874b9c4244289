"""Posters: sent by members, looked at, written anew in several sizes; what is refused says why."""

import io
import re
import struct
import zlib

import pytest
from club_members import a_film, becomes, member, signed_in
from PIL import Image

import segue
from filmclub.models import Poster
from segue.testing import Client, ClientResponse


def picture(width: int = 600, height: int = 900, kind: str = "JPEG", **options: object) -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(made, kind, **options)
    return made.getvalue()


def send(
    client: Client, film: int, content: bytes, name: str = "poster.jpg", credit: str = "Mine"
) -> ClientResponse:
    return client.post(
        f"/films/{film}/poster", files={"file": (name, content, "image/jpeg")}, data={"credit": credit}
    )


def files(client: Client, page: str) -> list[Image.Image]:
    """The pictures that a page shows, in all sizes."""
    [srcset] = set(re.findall(r'srcset="([^"]*)"', page))
    found: list[Image.Image] = []
    for one in srcset.split(", "):
        url, width = one.split()
        reply = client.get(url)
        assert reply.status == 200
        assert "sandbox" in reply.headers["content-security-policy"]
        image = Image.open(io.BytesIO(reply.content))
        assert f"{image.width}w" == width
        found.append(image)
    return found


def test_a_poster_is_shown_in_the_size_that_is_needed(client: Client) -> None:
    film = a_film()
    assert "tint-" in client.get(f"/films/{film.id}").text
    signed_in(client, "ripley")
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    reply = send(client, film.id, picture(1000, 1500, exif=exif), credit="Painted by myself")
    assert reply.headers["location"] == f"/films/{film.id}", reply.text
    page = client.get(f"/films/{film.id}").text
    shown = files(client, page)
    assert [one.size for one in shown] == [(160, 240), (320, 480), (640, 960)]
    assert {one.format for one in shown} == {"WEBP"}
    assert not any(one.getexif() for one in shown)
    assert "Painted by myself" in page
    assert 'class="poster"' in client.get("/?q=alien").text
    poster = segue.wait(Poster.where(Poster.film == film).one())
    assert b"a secret place" not in client.get(f"/media/{poster.file}").content


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 30,000 x 30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "needed|file|required"),
        (b"GIF89a" + bytes(100), "image/jpeg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/jpeg"),
        (b"<?php system($_GET['c']); ?>", "image/jpeg"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "picture"),
        (picture()[:2000], "broken"),
        (bomb(), "pixels"),
        (picture(100, 150), "160 x 240"),
        (picture() + bytes(5_000_000), "5 MB"),
    ],
    ids=["nothing", "gif", "svg", "php", "only a head", "cut", "bomb", "small", "large"],
)
def test_what_is_refused_says_why_and_nothing_else_is_lost(client: Client, content: bytes, why: str) -> None:
    film = a_film()
    signed_in(client, "ripley")
    reply = send(client, film.id, content, credit="Found in <my> attic")
    assert reply.status == 422
    [error] = re.findall(r'class="error"[^>]*>(.*?)</', reply.text, re.DOTALL)
    assert re.search(why, error), error
    assert "Found in &lt;my&gt; attic" in reply.text
    assert segue.wait(Poster.all().count()) == 0


def test_what_is_much_too_large_is_not_taken_at_all(client: Client) -> None:
    signed_in(client, "ripley")
    assert send(client, a_film().id, bytes(11_000_000)).status == 413


def test_a_page_behind_a_picture_does_not_travel_along(client: Client) -> None:
    film = a_film()
    signed_in(client, "ripley")
    assert send(client, film.id, picture() + b"<script>alert(1)</script>", name="x.html").status == 303
    poster = segue.wait(Poster.where(Poster.film == film).one())
    reply = client.get(f"/media/{poster.file}")
    assert reply.content_type == "image/jpeg"
    assert b"<script" not in reply.content


def test_only_who_has_sent_it_and_moderators_change_it(client: Client) -> None:
    film = a_film()
    assert send(client, film.id, picture()).status == 403
    ripley = signed_in(client, "ripley")
    send(client, film.id, picture())
    first = segue.wait(Poster.where(Poster.film == film).one())
    signed_in(client, "burke")
    assert client.get(f"/films/{film.id}/poster").status == 403
    assert send(client, film.id, picture()).status == 403
    assert client.post(f"/films/{film.id}/poster/remove", data={"": ""}).status == 403
    assert client.get(f"/media/{first.file}").status == 200

    becomes(client, ripley)
    assert send(client, film.id, picture(400, 600)).status == 303
    assert client.get(f"/media/{first.file}").status == 404
    assert [client.get(f"/media/{one.name}").status for one in first.sizes] == [404] * 3
    becomes(client, member("hicks", "moderators"))
    assert "Another poster" in client.get(f"/films/{film.id}").text
    assert client.post(f"/films/{film.id}/poster/remove", data={"": ""}).status == 303
    assert "tint-" in client.get(f"/films/{film.id}").text

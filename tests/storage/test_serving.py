"""Kept files given out: public and private, from a folder and from S3, and no page among them."""

from __future__ import annotations

from pathlib import Path

import pytest
from local_s3 import KEYS
from pictures import picture

from segue import App, File, Request
from segue.html import Templates
from segue.security import SignedLinks, new_key
from segue.storage import Images, Media, Storage
from segue.testing import Client


def app_of(media: Media) -> App:
    app = App(
        "films", plugins=[media, Templates(None, texts={"film.html": '<img src="{{ media_url(name) }}">'})]
    )

    @app.post("/up")
    async def up(request: Request, file: File, storage: Storage) -> dict[str, str]:
        kept = await storage.save(file, folder="up")
        return {"name": kept.name, "url": storage.url(request, kept.name)}

    @app.post("/picture")
    async def only_pictures(file: File, storage: Storage) -> dict[str, int | None]:
        kept = await storage.save(file, check=Images())
        return {"width": kept.width}

    @app.get("/show/{name:path}", template="film.html")
    async def show(name: str) -> dict[str, str]:
        return {"name": name}

    return app


def uploaded(client: Client, name: str, content: bytes, path: str = "/up") -> dict[str, str]:
    reply = client.post(path, files={"file": (name, content)})
    assert reply.status == 200, reply.text
    return dict(reply.json())


@pytest.mark.parametrize("where", ["folder", "memory"])
def test_public_files_are_there_for_ever_and_never_a_page(where: str, tmp_path: Path) -> None:
    client = Client(app_of(Media(tmp_path / "media" if where == "folder" else Storage("memory:"))))
    note = uploaded(client, "note.txt", b"Nuages" * 50)
    assert note["url"] == f"/media/{note['name']}"
    shown = client.get(note["url"])
    assert (shown.text, shown.headers["content-length"]) == ("Nuages" * 50, "300")
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert f'src="/media/{note["name"]}"' in client.get(f"/show/{note['name']}").text
    for name in ("page.html", "page.svg", "page.xml", "script.js", "page.xhtml", "unknown", "x.swf", "y.mht"):
        kept = uploaded(client, name, b"<script>alert(1)</script>")
        reply = client.get(kept["url"])
        assert reply.headers["content-disposition"].startswith("attachment"), name
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in reply.headers["content-security-policy"]
        assert "default-src 'none'" in reply.headers["content-security-policy"]
    image = uploaded(client, "a.png", picture())
    reply = client.get(image["url"])
    assert reply.content_type == "image/png"
    assert not reply.headers.get("content-disposition", "inline").startswith("attachment")
    assert client.head(image["url"]).headers["content-length"] == str(len(picture()))
    for path in (
        "/media/up/nothing.txt",
        "/media/../x",
        "/media/",
        "/media/up/%2e%2e/x",
        "/media/.hidden",
        "/media/up",
    ):
        assert client.get(path).status == 404, path
    assert client.post("/picture", files={"file": ("a.png", b"<svg/>")}).status == 422
    assert client.post("/picture", files={"file": ("a.png", picture())}).json() == {"width": 60}


def test_a_link_in_the_folder_does_not_lead_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "out.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "media" / "all").symlink_to(tmp_path)
    client = Client(app_of(Media(tmp_path / "media")))
    assert client.get("/media/out.txt").status == 404
    assert client.get("/media/all/secret.txt").status == 404


def test_files_of_a_folder_have_ranges_and_tags(tmp_path: Path) -> None:
    client = Client(app_of(Media(tmp_path / "media")))
    note = uploaded(client, "note.txt", b"0123456789")
    part = client.get(note["url"], headers={"range": "bytes=2-4"})
    assert (part.status, part.text) == (206, "234")
    again = client.get(note["url"], headers={"if-none-match": part.headers["etag"]})
    assert again.status == 304


def test_private_files_need_a_link_that_was_signed(tmp_path: Path) -> None:
    links = SignedLinks(new_key(), "media")
    client = Client(app_of(Media(tmp_path / "media", links=links, expires=60)))
    first = uploaded(client, "note.txt", b"mine")
    second = uploaded(client, "note.txt", b"other")
    shown = client.get(first["url"])
    assert (shown.text, shown.headers["cache-control"]) == ("mine", "private, max-age=60")
    bare = first["url"].partition("?")[0]
    stolen = second["url"].partition("?")[0] + "?" + first["url"].partition("?")[2]
    late = links.sign(bare, expires=-5)
    for url in (bare, stolen, late, first["url"] + "x", SignedLinks(new_key(), "media").sign(bare)):
        assert client.get(url).status == 403, url
    page = client.get(f"/show/{first['name']}").text
    assert client.get(page.partition('src="')[2].partition('"')[0].replace("&amp;", "&")).text == "mine"


@pytest.mark.requires("moto", "obstore")
def test_a_browser_gets_files_at_s3_from_there(s3: str, bucket: str) -> None:
    import urllib.error
    import urllib.request

    media = Media(Storage(f"s3://{bucket}", endpoint=s3, **KEYS), links=SignedLinks(new_key(), "media"))
    client = Client(app_of(media), follow_redirects=False)
    page = uploaded(client, "page.html", b"<script>alert(1)</script>")
    assert client.get(page["url"].partition("?")[0]).status == 403
    sent = client.get(page["url"])
    assert sent.status == 302
    assert "no-store" in sent.headers["cache-control"]
    assert sent.headers["location"].startswith(f"{s3}/{bucket}/")
    with urllib.request.urlopen(sent.headers["location"]) as reply:
        assert reply.read() == b"<script>alert(1)</script>"
        assert reply.headers["content-disposition"].startswith("attachment")


def test_two_storages_have_names_and_classes_of_their_own(tmp_path: Path) -> None:
    class Invoices(Storage):
        pass

    app = app_of(Media(tmp_path / "media"))
    app.install(Media(Invoices(tmp_path / "invoices"), at="/invoices", name="invoices"))

    @app.get("/invoice")
    async def invoice(request: Request, invoices: Invoices) -> str:
        kept = await invoices.save(b"42 EUR", filename="may.txt")
        return invoices.url(request, kept.name)

    with Client(app) as client:
        url = client.get("/invoice").text
        assert url.startswith("/invoices/may-")
        assert client.get(url).text == "42 EUR"
    assert not (tmp_path / "media").exists()

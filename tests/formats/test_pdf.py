"""PDF of pages, which reaches nothing but its own files."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue import App
from segue.formats import HTML, PDF
from segue.testing import Client


class Markup(str):
    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "style.css").write_text("p { color: red }")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "own" / "link").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "own"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[int]]]:
    """A server of the inside, which must not be asked."""
    asked: list[int] = []
    server = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            asked.append(1)
            connection.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield server.getsockname()[1], asked
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_a_page_and_any_value_become_a_pdf() -> None:
    app = App()

    @app.get("/page", formats=[HTML, PDF], suffixes=True)
    async def page() -> Markup:
        return Markup("<h1>Invoice</h1>")

    @app.get("/value", formats=[PDF])
    async def value() -> list[dict[str, int]]:
        return [{"a": 1}]

    client = Client(app)
    assert client.get("/page").text == "<h1>Invoice</h1>"
    for path in ("/page.pdf", "/value"):
        reply = client.get(path)
        assert reply.content_type == "application/pdf"
        assert reply.content.startswith(b"%PDF-")


def test_own_files_are_found(folder: Path) -> None:
    one = PDF(folder)
    assert one.own_file("segue:///style.css") == folder / "style.css"
    assert one.own_file("segue:///sub/../style.css?v=1") == folder / "style.css"


URLS = [
    "http://127.0.0.1:{port}/a",
    "HTTP://127.0.0.1:{port}/a",
    "//127.0.0.1:{port}/a",
    "https://127.0.0.1:{port}/a",
    "ftp://127.0.0.1:{port}/a",
    "file:///etc/passwd",
    "file:{folder}/../secret.txt",
    "../secret.txt",
    "%2e%2e/secret.txt",
    "/etc/passwd",
    "link",
    "segue://127.0.0.1:{port}/a",
]


@pytest.mark.parametrize("url", URLS)
def test_nothing_else_is_ever_fetched(url: str, folder: Path, listener: tuple[int, list[int]]) -> None:
    port, asked = listener
    url = url.format(port=port, folder=folder)
    one = PDF(folder)
    made = one.encode(
        Markup(
            f'<link rel="stylesheet" href="{url}"><link rel="attachment" href="{url}"><img src="{url}">'
            f'<style>@import url("{url}"); p {{ background: url("{url}") }} '
            f'@font-face {{ font-family: a; src: url("{url}") }}</style><p style="font-family: a">x</p>'
            f'<svg><image href="{url}"/><use href="{url}#a"/></svg><object data="{url}"></object>'
        )
    )
    assert made.startswith(b"%PDF-")
    assert b"EmbeddedFile" not in made
    assert asked == []
    with pytest.raises(PermissionError):
        one.own_file(url)

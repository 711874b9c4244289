"""The parts of a multipart body as they arrive."""

import pytest

from segue import App, Request
from segue.http import FormLimits
from segue.http.multipart import MultipartWriter
from segue.testing import Client


@pytest.mark.row("FC14")
def test_parts_are_read_as_they_come_and_a_large_one_is_refused() -> None:
    app = App()
    seen: list[str] = []

    @app.post("/", max_body=None)
    async def backup(request: Request) -> dict[str, int]:
        sizes: dict[str, int] = {}
        async for part in request.parts(FormLimits(file_size=1_000)):
            seen.append(part.head.name)
            if part.head.name != "skipped":
                sizes[part.head.name] = sum([len(piece) async for piece in part])
        return sizes

    client = Client(app)

    def send(*sizes: tuple[str, int]) -> object:
        form = MultipartWriter()
        for name, size in sizes:
            form.file(name, "a.bin", b"x" * size)
        body = form.body()
        # Slowly, so that what is said of the first parts is said before the last has come.
        pieces = (body[at : at + 100] for at in range(0, len(body), 100))
        reply = client.post("/", content=pieces, headers={"content-type": form.content_type})
        return reply.json() if reply.status == 200 else reply.status

    assert send(("a", 1_000), ("skipped", 900), ("b", 10)) == {"a": 1_000, "b": 10}
    seen.clear()
    assert send(("a", 10), ("b", 1_001), ("c", 10)) == 413
    assert seen == ["a", "b"]
    assert client.post("/", json={}).status == 415
    broken = client.post("/", content=b"--x\r\n", headers={"content-type": "multipart/form-data; boundary=x"})
    assert broken.status == 400

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, strategies as st

from segue.http.errors import ContentTooLarge, HTTPError, UnsupportedMediaType
from segue.http.form_limits import FormLimits
from segue.http.malformed import Malformed
from segue.http.multipart import MultipartWriter, Part, PartParser, iter_parts

TYPE = "multipart/form-data; boundary=b"


def events(body: bytes, sizes: list[int], content_type: str = TYPE) -> list[object]:
    """What the parser says of a body that is split into pieces of these sizes; the content of a part in one."""
    parser = PartParser(content_type)
    said: list[object] = []
    content: list[bytes] = []

    def hear(piece: bytes) -> None:
        for event in parser.feed(piece):
            if isinstance(event, Part):
                said.append((event.name, event.filename, event.content_type, event.headers.multi_items()))
            elif event is None:
                said.append(b"".join(content))
                content.clear()
            else:
                content.append(event)

    try:
        for size in sizes:
            hear(body[:size])
            body = body[size:]
        hear(body)
        parser.finish()
    except HTTPError as error:
        said.append(error.status)
    return said


def form(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def field(name: bytes = b"a", value: bytes = b"1", more: bytes = b"") -> bytes:
    return b'Content-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value


def status(body: bytes, content_type: str = TYPE) -> int:
    last = events(body, [], content_type)[-1]
    return last if isinstance(last, int) else 200


class TestParse:
    def test_parts(self) -> None:
        body = form(
            field(), field(b"f", b"x\r\ny", b'; filename="n.txt"\r\nContent-Type: Text/CSV; charset=utf-8')
        )
        disposition = "content-disposition"
        assert events(body, []) == [
            ("a", None, "text/plain", [(disposition, 'form-data; name="a"')]),
            b"1",
            (
                "f",
                "n.txt",
                "text/csv",
                [
                    (disposition, 'form-data; name="f"; filename="n.txt"'),
                    ("content-type", "Text/CSV; charset=utf-8"),
                ],
            ),
            b"x\r\ny",
        ]

    def test_no_part_at_all(self) -> None:
        assert events(b"--b--\r\n", []) == []

    @pytest.mark.parametrize(
        ("head", "filename"),
        [
            (b'filename="a%22b.txt"', 'a"b.txt'),
            (b'filename="a\\"b.txt"', 'a"b.txt'),
            (b'filename="C:\\dir\\a.txt"', "C:\\dir\\a.txt"),
            (b'filename="a;b.txt"', "a;b.txt"),
            (b"filename=a.txt", "a.txt"),
            ('filename="näme.txt"'.encode(), "näme.txt"),
            (b"filename=x; filename*=UTF-8''n%C3%A4me.txt", "näme.txt"),
            (b'filename=""', ""),
        ],
    )
    def test_one_file_name_by_one_reading(self, head: bytes, filename: str) -> None:
        said = events(form(field(more=b"; " + head)), [])
        assert isinstance(said[0], tuple)
        assert said[0][1] == filename

    @pytest.mark.parametrize(
        "part",
        [
            field(more=b'; filename="a"; filename="b"'),
            field(more=b'; name="b"'),
            field(more=b'; filename="a\rb"'),
            field(more=b'; filename="a\0b"'),
            field(more=b'; filename="a\nb"'),
            field(more=b'; filename="a'),
            field(more=b'; filename="\xff"'),
            field(more=b"\r\nContent-Disposition: form-data; name=b"),
            field(more=b"\r\nContent-Type: a/b\r\nContent-Type: c/d"),
            field(more=b"\r\nContent-Length: -1"),
            field(more=b"\r\nContent-Length: +1"),
            field(more=b"\r\nContent-Length: 2"),
            field(more=b"\r\nContent-Length: 0"),
            field(more=b"\r\nContent-Length: " + b"1" * 6000),
            field(more=b"\r\nContent-Transfer-Encoding: base64"),
            field(more=b"\r\nContent-Transfer-Encoding: quoted-printable"),
            field(more=b"\r\nno colon"),
            field(more=b"\r\nbad name: x"),
            field(more=b"\r\nX: " + b"x" * 1_000_000),
            field(more=b"".join(b"\r\nX-%d: x" % n for n in range(10_000))),
            b"Content-Disposition: form-data\r\n\r\n1",
            b'Content-Disposition: attachment; name="a"\r\n\r\n1',
            b"Content-Type: text/plain\r\n\r\n1",
            b"\r\n1",
        ],
    )
    def test_the_first_malformed_part_is_400(self, part: bytes) -> None:
        assert status(form(part)) == 400
        assert status(form(field(), part, field())) == 400

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\r\n",
            b"--b",
            b"--b\r\n",
            b"--x\r\n" + field() + b"\r\n--x--",
            b"preamble\r\n" + form(field()),
            form(field()).replace(b"\r\n", b"\n"),
            form(field()).removesuffix(b"--\r\n"),
            form(field())[:30],
            form(field())[:-4] + b"xx",
        ],
    )
    def test_a_malformed_body_is_400(self, body: bytes) -> None:
        assert status(body) == 400

    @pytest.mark.parametrize("more", [b"\r\nContent-Transfer-Encoding: binary", b"\r\nContent-Length: 1"])
    def test_old_headers_that_say_nothing_new(self, more: bytes) -> None:
        assert status(form(field(more=more))) == 200

    @pytest.mark.parametrize(
        ("content_type", "code"),
        [
            ("multipart/form-data", 400),
            ("multipart/form-data; boundary=", 400),
            ('multipart/form-data; boundary="a "', 400),
            ('multipart/form-data; boundary="a\\\nb"', 400),
            ("multipart/form-data; boundary=" + "b" * 71, 400),
            ("multipart/form-data; boundary=" + "b" * 1_000_000, 400),
            ("multipart/form-data; boundary=a; boundary=b", 400),
            ("text/plain; boundary=b", 415),
            ("", 415),
        ],
    )
    def test_a_boundary_is_one_of_the_standard(self, content_type: str, code: int) -> None:
        with pytest.raises((Malformed, UnsupportedMediaType)) as caught:
            PartParser(content_type)
        assert caught.value.status == code

    def test_line_ends_before_and_anything_after_are_read_over(self) -> None:
        body = form(field())
        expected = events(body, [])
        assert events(b"\r\n" * 500_000 + body, []) == expected
        assert events(body + b"x" * 1_000_000, []) == expected
        assert events(body + form(field()), []) == expected


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="%\\"), min_size=1)
NASTY = st.lists(
    st.sampled_from(
        [
            b"\r",
            b"\n",
            b"-",
            b"--b",
            b"--b--",
            b"\r\n--b",
            b"\r\n--",
            b"b",
            b"x",
            b":",
            b'"',
            b";",
            b"--b\r\n",
        ]
    )
    | st.just(b"--b\r\n" + field())
    | st.just(form(field()))
).map(b"".join)


class TestSplits:
    @given(
        NASTY
        | st.tuples(NASTY, NASTY).map(lambda two: form(field(value=two[0]), field(b"c", two[1])) + two[1]),
        st.lists(st.integers(0, 40)),
    )
    def test_it_is_the_same_however_the_bytes_arrive(self, body: bytes, sizes: list[int]) -> None:
        assert events(body, sizes) == events(body, []) == events(body, [1] * len(body))

    @given(
        st.lists(
            st.tuples(
                TEXTS, st.none() | TEXTS, st.binary() | NASTY.filter(lambda value: b"--b" not in value)
            ),
            max_size=4,
        ),
        st.lists(st.integers(0, 200)),
    )
    def test_what_is_written_is_read(
        self, parts: list[tuple[str, str | None, bytes]], sizes: list[int]
    ) -> None:
        writer = MultipartWriter()
        for name, filename, content in parts:
            if filename is None:
                writer.field(name, content.hex())
            else:
                writer.file(name, filename, content, "a/b")
        said = events(writer.body(), sizes, writer.content_type)
        heads = [item[:3] for item in said if isinstance(item, tuple)]
        assert heads == [(name, file, "text/plain" if file is None else "a/b") for name, file, _ in parts]
        assert said[1::2] == [
            content if file is not None else content.hex().encode() for _, file, content in parts
        ]


class TestLinear:
    @pytest.mark.parametrize(
        "unit", [b"\r\n", b"\r", b"\n", b"-", b"\r\n-", b"\r\n--", b"x", b"--b", b"\r\n--c"]
    )
    def test_before_within_and_after(self, linear, unit: bytes) -> None:
        opening = b"--b\r\n" + field(value=b"\r")
        linear(lambda body: events(body, []), lambda n: unit * n + form(field()), n=100_000)
        linear(lambda body: events(body, []), lambda n: opening + unit * n + b"\r\n--b--", n=100_000)
        linear(lambda body: events(body, []), lambda n: form(field()) + unit * n, n=100_000)

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_in_pieces(self, linear, size: int) -> None:
        def run(body: bytes) -> None:
            parser = PartParser(TYPE)
            for at in range(0, len(body), size):
                for _ in parser.feed(body[at : at + size]):
                    pass
            parser.finish()

        for unit in (b"\r", b"\r\n--", b"x"):
            linear(run, lambda n, unit=unit: b"--b\r\n" + field(value=unit * n) + b"\r\n--b--", n=3_000)

    @pytest.mark.parametrize("unit", [b";", b'";', b'\\"', b"%22", b"; a=b", b'"; filename="', b" "])
    def test_heads(self, linear, unit: bytes) -> None:
        linear(lambda body: events(body, []), lambda n: form(field(more=unit * n)), n=800)

    def test_many_parts(self, linear) -> None:
        linear(lambda body: events(body, []), lambda n: form(*[field()] * n), n=500)


class TestStream:
    def test_parts_come_one_by_one_before_the_body_has_ended(self, chunked) -> None:
        writer = MultipartWriter()
        writer.field("title", "Nuages")
        writer.file("score", "nuages.pdf", b"x" * 1_000_000)
        sent = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal sent
            async for chunk in chunked(writer.body(), 10_000):
                sent += 1
                yield chunk

        async def run() -> None:
            parts = iter_parts(body(), writer.content_type)
            title = await anext(parts)
            assert (title.head.name, await title.text()) == ("title", "Nuages")
            score = await anext(parts)
            assert score.head.filename == "nuages.pdf"
            assert sent == 1
            assert len(await anext(score)) <= 10_000
            assert sent <= 2
            with pytest.raises(StopAsyncIteration):  # what is left of it is skipped
                await anext(parts)
            assert sent == 101
            assert [piece async for piece in score] == []

        asyncio.run(run())

    def test_nested(self, chunked) -> None:
        inner = MultipartWriter(subtype="mixed")
        inner.part({"Content-Type": "text/csv"}, b"one")
        inner.part({"X-Thing": "2"}, b"two")
        outer = MultipartWriter()
        outer.part(
            {"Content-Disposition": 'form-data; name="files"', "Content-Type": inner.content_type},
            inner.body(),
        )
        outer.field("last", "1")

        async def run() -> list[tuple[str, str]]:
            found: list[tuple[str, str]] = []
            async for part in iter_parts(chunked(outer.body(), 5), outer.content_type):
                if part.head.content_type == "multipart/mixed":
                    found += [
                        (inside.head.content_type, await inside.text()) async for inside in part.parts()
                    ]
                else:
                    found.append((part.head.name, await part.text()))
            return found

        assert asyncio.run(run()) == [("text/csv", "one"), ("text/plain", "two"), ("last", "1")]

    def test_nesting_has_an_end(self, chunked) -> None:
        body, content_type = b"x", "text/plain"
        for _ in range(5):
            writer = MultipartWriter(subtype="mixed")
            writer.part({"Content-Type": content_type}, body)
            body, content_type = writer.body(), writer.content_type

        async def descend() -> None:
            parts = iter_parts(chunked(body), content_type)
            while True:
                parts = (await anext(parts)).parts()

        with pytest.raises(Malformed, match="nested more than 3 deep"):
            asyncio.run(descend())

    @pytest.mark.parametrize(
        ("limits", "error"),
        [
            (FormLimits(fields=1, files=1), Malformed),
            (FormLimits(file_size=10), ContentTooLarge),
            (FormLimits(field_size=10), ContentTooLarge),
        ],
    )
    def test_limits(self, chunked, limits: FormLimits, error: type[HTTPError]) -> None:
        async def run() -> None:
            async for part in iter_parts(
                chunked(form(field(), field(), field(value=b"x" * 100))), TYPE, limits
            ):
                await part.read()

        with pytest.raises(error):
            asyncio.run(run())

    def test_a_truncated_body_is_an_error_for_who_reads_it(self, chunked) -> None:
        async def run() -> None:
            async for part in iter_parts(chunked(form(field())[:-8]), TYPE):
                await part.read()

        with pytest.raises(Malformed, match="ends before its last boundary"):
            asyncio.run(run())

    def test_text_is_utf8(self, chunked) -> None:
        async def run() -> None:
            async for part in iter_parts(chunked(form(field(value=b"\xff"))), TYPE):
                await part.text()

        with pytest.raises(Malformed, match="UTF-8"):
            asyncio.run(run())


class TestWriter:
    def test_names_as_browsers_write_them(self) -> None:
        writer = MultipartWriter(boundary="b")
        writer.file('a"\r\nb', 'c"d', b"x", "text/plain")
        assert writer.content_type == 'multipart/form-data; boundary="b"'
        assert writer.body() == (
            b'--b\r\nContent-Disposition: form-data; name="a%22%0D%0Ab"; filename="c%22d"\r\n'
            b"Content-Type: text/plain\r\n\r\nx\r\n--b--\r\n"
        )

    @pytest.mark.parametrize("headers", [{"A": "b\r\nC: d"}, {"A\n": "b"}, {"A:": "b"}, {"A": "\0"}])
    def test_a_header_cannot_be_split(self, headers: dict[str, str]) -> None:
        with pytest.raises(ValueError, match="not a header of a part"):
            MultipartWriter().part(headers, b"")

    @pytest.mark.parametrize("boundary", ["a\r\n", "a" * 71, "a ", "é"])
    def test_a_boundary_is_one_of_the_standard(self, boundary: str) -> None:
        with pytest.raises(ValueError, match="boundary"):
            MultipartWriter(boundary=boundary)

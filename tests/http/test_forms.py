import asyncio
import io
import os
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, strategies as st

from segue.http.errors import ContentTooLarge, HTTPError, UnsupportedMediaType
from segue.http.forms import FormData, FormLimits, read_form
from segue.http.malformed import Malformed
from segue.http.multipart import MultipartWriter
from segue.http.uploads import UploadFile
from segue.http.url import encode_query

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def read(chunked, inline):
    def run(
        body: bytes, content_type: str, limits: FormLimits | None = None, piece: int = 65_536
    ) -> FormData:
        return asyncio.run(read_form(chunked(body, piece), content_type, limits or FormLimits(), inline))

    return run


def multipart(*parts: tuple[str, str] | tuple[str, str, bytes]) -> MultipartWriter:
    writer = MultipartWriter()
    for part in parts:
        if len(part) == 2:
            writer.field(*part)
        else:
            writer.file(*part)
    return writer


class TestBoth:
    FIELDS = (("title", "Nuages é+&="), ("tag", "a"), ("tag", "b"), ("empty", ""), ("_charset_", "latin-1"))

    @pytest.mark.parametrize("piece", [1, 7, 65_536])
    def test_fields(self, read, piece: int) -> None:
        writer = multipart(*self.FIELDS)
        for body, content_type in (
            (encode_query(self.FIELDS).encode(), URLENCODED),
            (writer.body(), writer.content_type),
        ):
            form = read(body, content_type, piece=piece)
            assert form.multi_items() == list(self.FIELDS)
            assert form.fields.get_all("tag") == ["a", "b"]
            assert not form.files

    LIMITS = FormLimits(fields=10, field_size=100, memory=700)

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ([("a", "x")] * 10, 200),
            ([("a", "x")] * 11, 400),
            ([("a", "x")] * 2000, 400),
            ([("a", "x" * 90)], 200),
            ([("a", "x" * 101)], 413),
            ([("a", "x" * 5000)], 413),
            ([("a", "x" * 90)] * 9, 413),
            ([("a" * 90, "")] * 9, 413),
        ],
    )
    def test_the_limits_are_the_same(self, read, fields: list[tuple[str, str]], status: int) -> None:
        writer = multipart(*fields)
        for body, content_type in (
            (encode_query(fields).encode(), URLENCODED),
            (writer.body(), writer.content_type),
        ):
            # The header of a part counts as memory, too.
            limits = FormLimits(fields=10, field_size=100, memory=700 if status == 413 else 10_000)
            if content_type == URLENCODED and status == 200:
                limits = self.LIMITS
            if status == 200:
                assert len(read(body, content_type, limits).multi_items()) == len(fields)
            else:
                with pytest.raises(HTTPError) as caught:
                    read(body, content_type, limits, piece=10)
                assert caught.value.status == status

    @pytest.mark.parametrize(("count", "status"), [(1000, 200), (1001, 400), (1_000_001, None)])
    def test_a_thousand_fields_by_default(self, read, pace, count: int, status: int | None) -> None:
        body = b"&".join([b"a=1"] * count)
        if status == 200:
            assert len(read(body, URLENCODED).multi_items()) == 1000
        else:
            with pytest.raises(HTTPError) as caught:
                read(body, URLENCODED)
            assert caught.value.status == (status or 413)
        if count < 2000:
            writer = multipart(*[("a", "1")] * count)
            started = time.process_time()
            if status == 200:
                assert len(read(writer.body(), writer.content_type).multi_items()) == 1000
            else:
                with pytest.raises(Malformed, match="more than 1000 fields"):
                    read(writer.body(), writer.content_type)
            assert time.process_time() - started < 0.5 * pace()

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "text/plain",
            "application/json",
            URLENCODED + "; charset=latin-1",
            "multipart/mixed; boundary=b",
        ],
    )
    def test_what_is_no_form_is_415(self, read, content_type: str) -> None:
        with pytest.raises(UnsupportedMediaType):
            read(b"a=1", content_type)

    def test_only_the_ampersand_separates(self, read) -> None:
        assert read(b"a=1;b=2", URLENCODED).multi_items() == [("a", "1;b=2")]

    def test_text_is_utf8(self, read) -> None:
        for body, content_type in (
            (b"a=%ff", URLENCODED),
            (b"a=\xff", URLENCODED),
            (
                b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--',
                "multipart/form-data; boundary=b",
            ),
            (
                b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nx\r\n--b--',
                "multipart/form-data; boundary=b",
            ),
        ):
            with pytest.raises(Malformed):
                read(body, content_type)


class TestFiles:
    def test_small_and_large(self, read) -> None:
        large = os.urandom(1_000_000)
        writer = multipart(("a", "../x.txt", b"small"), ("a", "large.bin", large), ("b", "1"))
        form = read(writer.body(), writer.content_type)
        small_file, large_file = form.files.get_all("a")
        assert (small_file.filename, small_file.raw_filename, small_file.size) == ("x.txt", "../x.txt", 5)
        assert small_file.content_type == "application/octet-stream"
        assert small_file.headers["content-type"] == "application/octet-stream"
        assert small_file.read() == b"small"
        assert isinstance(small_file.file, io.BytesIO)
        assert large_file.read() == large
        assert not isinstance(large_file.file, io.BytesIO)
        assert form["b"] == "1"
        form.close()
        form.close()
        assert all(file.file.closed for file in form.files.get_all("a"))

    def test_an_input_in_which_nothing_was_chosen_is_left_out(self, read) -> None:
        writer = multipart(("a", "", b""), ("b", "", b"x"), ("c", "empty.txt", b""))
        form = read(writer.body(), writer.content_type)
        assert [(name, file.filename, file.size) for name, file in form.files.multi_items()] == [
            ("b", "_", 1),
            ("c", "empty.txt", 0),
        ]

    def test_a_hundred_by_default(self, read) -> None:
        files = [("f", "a.txt", b"x")] * 100
        writer = multipart(*files)
        assert len(read(writer.body(), writer.content_type).files.get_all("f")) == 100
        writer = multipart(*files, ("f", "a.txt", b"x"))
        with pytest.raises(Malformed, match="more than 100 files"):
            read(writer.body(), writer.content_type)

    def test_the_size_of_one(self, read) -> None:
        writer = multipart(("f", "a.txt", b"x" * 1001))
        with pytest.raises(ContentTooLarge):
            read(writer.body(), writer.content_type, FormLimits(file_size=1000))
        assert read(writer.body(), writer.content_type, FormLimits(file_size=1001)).files["f"].size == 1001

    def test_many_small_ones_share_the_memory_that_there_is(self, read) -> None:
        writer = multipart(*[("f", f"{n}.txt", b"x" * 90_000) for n in range(50)])
        form = read(writer.body(), writer.content_type, FormLimits(memory=1_000_000))
        files = form.files.get_all("f")
        assert sum(file.size for file in files if isinstance(file.file, io.BytesIO)) <= 1_000_000
        assert all(file.read() == b"x" * 90_000 for file in files)
        form.close()

    def test_a_field_without_filename_is_not_taken_as_a_file(self, read) -> None:
        body = b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: application/octet-stream\r\n\r\n'
        with pytest.raises(ContentTooLarge):
            read(body + b"x" * 2_000_000, "multipart/form-data; boundary=b")

    def test_the_limit_is_met_while_streaming(self, inline) -> None:
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
            while sent < 100_000_000:
                sent += 65_536
                yield b"x" * 65_536

        with pytest.raises(ContentTooLarge):
            asyncio.run(read_form(endless(), "multipart/form-data; boundary=b", FormLimits(), inline))
        assert sent <= FormLimits().field_size + 65_536

    def test_a_large_file_takes_little_memory(self, inline) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
            for _ in range(800):
                yield b"x" * 65_536
            yield b"\r\n--b--"

        tracemalloc.start()
        try:
            form = asyncio.run(read_form(body(), "multipart/form-data; boundary=b", FormLimits(), inline))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert form.files["a"].size == 800 * 65_536
        form.close()
        assert peak < 4_000_000

    def test_whatever_goes_wrong_closes_what_was_read(self, chunked) -> None:
        opened: list[object] = []

        async def offload(function, *args):
            result = function(*args)
            opened.append(function.__self__._file)
            return result

        writer = multipart(("f", "a", b"x" * 500_000), ("g", "b", b"x" * 500_000))
        with pytest.raises(Malformed):
            asyncio.run(
                read_form(chunked(writer.body()[:-200_000]), writer.content_type, FormLimits(), offload)
            )
        assert len(opened) >= 2
        assert all(file.closed for file in opened)

    def test_cancelling_closes_what_was_read(self) -> None:
        writer = multipart(("f", "a", b"x" * 500_000))
        opened: list[object] = []

        async def offload(function, *args):
            result = function(*args)
            opened.append(function.__self__._file)
            return result

        reached = asyncio.Event()

        async def stalled() -> AsyncIterator[bytes]:
            yield writer.body()
            reached.set()
            await asyncio.Event().wait()

        async def run() -> None:
            task = asyncio.ensure_future(read_form(stalled(), writer.content_type, FormLimits(), offload))
            await reached.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()

        asyncio.run(run())
        assert opened
        assert all(file.closed for file in opened)


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="%\\"), min_size=1)


@given(
    st.lists(st.tuples(TEXTS, TEXTS) | st.tuples(TEXTS, TEXTS, st.binary(max_size=300)), max_size=5),
    st.lists(st.integers(1, 200), min_size=1),
)
def test_a_form_is_the_same_however_it_arrives(parts, sizes: list[int]) -> None:
    writer = multipart(*parts)

    async def body() -> AsyncIterator[bytes]:
        rest, at = writer.body(), 0
        while rest:
            size = sizes[at % len(sizes)]
            at += 1
            yield rest[:size]
            rest = rest[size:]

    async def offload(function, *args):
        return function(*args)

    form = asyncio.run(read_form(body(), writer.content_type, FormLimits(spool_size=100), offload))
    got = [
        (name, value.raw_filename, value.read()) if isinstance(value, UploadFile) else (name, value)
        for name, value in form.multi_items()
    ]
    form.close()
    assert got == parts


@pytest.mark.parametrize("flag", ["-B", "-O", "-OO"])
def test_a_malformed_body_ends_at_once_also_without_assertions(flag: str) -> None:
    program = textwrap.dedent(
        """
        import asyncio, sys, time
        from segue.http.forms import FormLimits, read_form

        HEAD = b'Content-Disposition: form-data; name="a"'
        BODIES = [
            b"", b"-", b"--b", b"--b\\r", b"--b\\r\\n", b"--b\\r\\n\\r\\n", b"--b\\r\\n" + HEAD, b"--b\\r\\n" + HEAD + b"\\r\\n\\r\\nx",
            b"--b\\r\\n" + HEAD + b"\\r\\n\\r\\nx\\r\\n--b", b"--b\\r\\n" + HEAD + b"\\r\\n\\r\\nx\\r\\n--b-",
            b"--b\\r\\n" + HEAD + b"\\r\\nContent-Length: 100\\r\\n\\r\\nx\\r\\n--b--",
            b"--b\\r\\n" + HEAD + b"\\r\\nContent-Length: 0\\r\\n\\r\\nx\\r\\n--b--",
            b"--b\\r\\n" + HEAD + b"\\r\\nContent-Length: -1\\r\\n\\r\\nx\\r\\n--b--",
            b"--b\\r\\n folded\\r\\n\\r\\n", b"\\r\\n" * 100000, b"x" * 100000,
        ]

        async def chunks(body, size):
            for at in range(0, len(body), size):
                yield body[at : at + size]

        async def offload(function, *args):
            return function(*args)

        refused = 0
        started = time.process_time()
        for body in BODIES:
            for size in (1, 3, 1000000):
                try:
                    asyncio.run(read_form(chunks(body, size), "multipart/form-data; boundary=b", FormLimits(), offload))
                except ValueError:
                    refused += 1
        print(refused == 3 * len(BODIES), time.process_time() - started)
        """
    )
    ran = subprocess.run(
        [sys.executable, flag, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    refused, seconds = ran.stdout.split()
    assert refused == "True"
    assert float(seconds) < 5


def test_time_is_linear(linear, read) -> None:
    unlimited = FormLimits(fields=10**9, field_size=10**9, memory=10**9)
    for unit in (b"a=1&", b"%ff%", b"&", b"a", b"%41"):
        linear(lambda body: read(body, URLENCODED, unlimited), lambda n, unit=unit: unit * n, n=20_000)

"""Forms: urlencoded and multipart bodies as one mapping of fields and files (WHATWG URL, RFC 7578)."""

from collections.abc import AsyncIterable, Iterable
from typing import TYPE_CHECKING

from segue.http.errors import ContentTooLarge, UnsupportedMediaType
from segue.http.form_limits import FormLimits
from segue.http.malformed import Malformed
from segue.http.multidict import MultiDict
from segue.http.parameters import parse_header
from segue.http.uploads import Offload, Spool, UploadFile
from segue.http.url import parse_query

if TYPE_CHECKING:
    from segue.http.multipart import Part

__all__ = ["FormData", "FormLimits", "read_form"]


class FormData(MultiDict[str | UploadFile]):
    """The fields of a form in order, each a text or an `UploadFile`; a name may come several times.

    `form.fields` has the texts only and `form.files` the files only, so that no type needs to be checked.
    Closing the form closes its files; the request does that at its end.
    """

    __slots__ = ("fields", "files")

    def __init__(self, pairs: Iterable[tuple[str, str | UploadFile]] = ()) -> None:
        super().__init__(pairs)
        items = self.multi_items()
        self.fields = MultiDict([(name, value) for name, value in items if isinstance(value, str)])
        self.files = MultiDict([(name, value) for name, value in items if isinstance(value, UploadFile)])

    def close(self) -> None:
        """Closes every file. May be called again."""
        for _, file in self.files.multi_items():
            file.close()


async def read_form(
    chunks: AsyncIterable[bytes], content_type: str, limits: FormLimits, offload: Offload
) -> FormData:
    """Reads a form, keeping no more of it than `limits` allow.

    `chunks` are the pieces of the body, `content_type` is the field of the request. `offload(function, *args)`
    runs blocking work elsewhere; it is used for files that are too large for memory, 256 KiB at a time.

    Text is UTF-8, names too; `_charset_` is a field like others. A file input in which nothing was chosen,
    which browsers send as an empty file without a name, is left out.

    Raises `UnsupportedMediaType` (415) for another content type, `Malformed` (400) for the first thing that is
    wrong and for too many fields or files, `ContentTooLarge` (413), `InsufficientStorage` (507). Then, and when
    it is cancelled, every file is closed.
    """
    media_type, params = parse_header(content_type)
    if params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("A form must be in UTF-8.")
    if media_type == "application/x-www-form-urlencoded":
        return await _read_urlencoded(chunks, limits)
    if media_type == "multipart/form-data":
        reader = _MultipartForm(limits, offload)
        try:
            return await reader.read(chunks, content_type)
        except BaseException:
            reader.close()
            raise
    raise UnsupportedMediaType(
        "A form is expected, as application/x-www-form-urlencoded or multipart/form-data."
    )


async def _read_urlencoded(chunks: AsyncIterable[bytes], limits: FormLimits) -> FormData:
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limits.memory:
            raise ContentTooLarge(f"The fields of the form have more than {limits.memory} bytes.")
        pieces.append(chunk)
    body = b"".join(pieces)
    if body.count(b"&") >= limits.fields:
        raise Malformed(f"the form has more than {limits.fields} fields")
    if size > limits.field_size and max(map(len, body.split(b"&"))) > limits.field_size:
        raise ContentTooLarge(f"A field of the form has more than {limits.field_size} bytes.")
    return FormData(parse_query(body, max_fields=limits.fields).multi_items())


class _MultipartForm:
    """What has been read of a multipart form so far."""

    def __init__(self, limits: FormLimits, offload: Offload) -> None:
        self.limits = limits
        self.offload = offload
        self.pairs: list[tuple[str, str | UploadFile]] = []
        self.memory = 0
        self.fields = 0
        self.files = 0
        self.part: Part | None = None
        self.text: list[bytes] = []
        self.text_size = 0
        self.spool: Spool | None = None

    async def read(self, chunks: AsyncIterable[bytes], content_type: str) -> FormData:
        from segue.http.multipart import PartParser

        parser = PartParser(content_type)
        async for chunk in chunks:
            for event in parser.feed(chunk):
                if isinstance(event, bytes):
                    if self.spool is None:
                        self._add_text(event)
                    elif self._add_to_file(self.spool, event):
                        await self.spool.flush(self.offload)
                elif event is None:
                    await self._end()
                else:
                    self._begin(event)
        parser.finish()
        return FormData(self.pairs)

    def _begin(self, part: "Part") -> None:
        self.part = part
        self._count(part.head_size)
        if part.filename is None:
            self.fields += 1
            if self.fields > self.limits.fields:
                raise Malformed(f"the form has more than {self.limits.fields} fields")
            if part.params.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
                raise Malformed("a field of the form is not in UTF-8")
        else:
            self.files += 1
            if self.files > self.limits.files:
                raise Malformed(f"the form has more than {self.limits.files} files")
            self.spool = Spool(min(self.limits.spool_size, self.limits.memory - self.memory))

    def _count(self, size: int) -> None:
        self.memory += size
        if self.memory > self.limits.memory:
            raise ContentTooLarge(f"The fields of the form have more than {self.limits.memory} bytes.")

    def _add_text(self, piece: bytes) -> None:
        self.text_size += len(piece)
        if self.text_size > self.limits.field_size:
            raise ContentTooLarge(f"A field of the form has more than {self.limits.field_size} bytes.")
        self._count(len(piece))
        self.text.append(piece)

    def _add_to_file(self, spool: Spool, piece: bytes) -> bool:
        due = spool.add(piece)
        if self.limits.file_size is not None and spool.size > self.limits.file_size:
            raise ContentTooLarge(f"A file has more than {self.limits.file_size} bytes.")
        return due

    async def _end(self) -> None:
        part, self.part = self.part, None
        if part is None:
            return
        if self.spool is None:
            pieces, self.text, self.text_size = self.text, [], 0
            try:
                self.pairs.append((part.name, b"".join(pieces).decode("utf-8")))
            except UnicodeDecodeError:
                raise Malformed("a field of the form is not valid UTF-8") from None
            return
        spool = self.spool
        if spool.size == 0 and not part.filename:
            self.spool = None
            return
        file = await spool.finish(self.offload)
        self.spool = None
        upload = UploadFile(
            file,
            size=spool.size,
            raw_filename=part.filename or "",
            content_type=part.content_type,
            headers=part.headers,
            offload=self.offload,
        )
        self.pairs.append((part.name, upload))
        if spool.size <= spool.memory_size:
            self.memory += spool.size

    def close(self) -> None:
        if self.spool is not None:
            self.spool.close()
        for _, value in self.pairs:
            if isinstance(value, UploadFile):
                value.close()

"""CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from segue.core.binding.kinds import bare, list_item
from segue.core.binding.validation import object_fields
from segue.formats.base import PlainFormat, rows_of, text_of

__all__ = ["CSV"]

# What makes a spreadsheet compute (OWASP, CSV injection), full-width forms too.
_computes = re.compile(
    "[=+\\-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}]"
).match
_number = re.compile(r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?\Z").match


class CSV(PlainFormat):
    """Comma-separated values: a row for each item of a list or stream, a column for each field.

        @app.get("/films", formats=[JSON, CSV(bom=True)], suffixes=True)
        async def films() -> list[Film]: ...

    The header has the names of the fields. A model inside another is JSON in its cell. Text that a spreadsheet would
    compute (``=1+1``, ``@SUM``) gets an apostrophe before it; ``formulas=True`` leaves it as it is, for programs.
    ``bom``: a byte order mark, by which Excel knows UTF-8. ``header=False``: rows only.
    """

    name = "csv"
    media_types = ("text/csv",)
    suffixes = ("csv",)
    texts = True

    def __init__(
        self, *, delimiter: str = ",", bom: bool = False, header: bool = True, formulas: bool = False
    ) -> None:
        self._delimiter = delimiter
        self._bom = bom
        self._header = header
        self._formulas = formulas

    def encode(self, value: Any) -> bytes:
        rows = rows_of(self.plain(value))
        names: dict[str, None] = {}
        for row in rows:
            names.update(dict.fromkeys(row if isinstance(row, dict) else ()))
        written = [self._line(list(names))] if names and self._header else []
        written += [self._line(self._cells(row, list(names))) for row in rows]
        return b"".join([self._mark(), *written])

    async def stream(self, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        names: list[str] | None = None
        async for item in items:
            row = self.plain(item)
            line = b""
            if names is None:
                names = list(row) if isinstance(row, dict) else []
                line = self._mark() + (self._line(names) if names and self._header else b"")
            yield line + self._line(self._cells(row, names))

    def decode(self, data: bytes, type: Any) -> Any:
        reader = csv.reader(
            io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=self._delimiter, strict=True
        )
        fields = object_fields(bare(list_item(type))) if list_item(type) is not None else None
        try:
            rows = [row for row in reader if row]
        except csv.Error as error:
            raise ValueError(str(error)) from None
        if fields is None:
            return rows
        names = rows[0] if rows else []
        if len(set(names)) != len(names):
            raise ValueError("a name stands twice in the header")
        uneven = next((number for number, row in enumerate(rows, 1) if len(row) != len(names)), None)
        if uneven is not None:
            raise ValueError(f"row {uneven} has not as many cells as the header")
        # An empty cell says nothing; only where text may stand, it is the empty text.
        texts = {field.wire for field in fields if bare(field.type) is str}
        return [
            {name: cell for name, cell in zip(names, row, strict=True) if cell or name in texts}
            for row in rows[1:]
        ]

    def _mark(self) -> bytes:
        return b"\xef\xbb\xbf" if self._bom else b""

    def _cells(self, row: Any, names: Sequence[str]) -> list[str]:
        if isinstance(row, dict):
            unknown = row.keys() - set(names)
            if unknown:
                raise ValueError(f"a row has {min(unknown)!r}, which the rows before it have not")
            return [self._cell(row.get(name)) for name in names]
        return [self._cell(one) for one in (row if isinstance(row, list | tuple) else [row])]

    def _cell(self, value: Any) -> str:
        return (
            msgspec.json.encode(value).decode() if isinstance(value, dict | list | tuple) else text_of(value)
        )

    def _line(self, cells: Sequence[str]) -> bytes:
        # A number, however it is written, computes nothing.
        safe = [
            f"'{cell}" if _computes(cell) and not self._formulas and not _number(cell) else cell
            for cell in cells
        ]
        line = io.StringIO()
        csv.writer(line, delimiter=self._delimiter).writerow(safe)
        return line.getvalue().encode()

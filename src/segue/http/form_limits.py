"""How much of a form is taken in."""

import msgspec

__all__ = ["MAX_PART_HEADERS", "MAX_PART_HEADER_SIZE", "FormLimits"]

MAX_PART_HEADERS = 8
MAX_PART_HEADER_SIZE = 8_192


class FormLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a form is taken in; the same for urlencoded and multipart. Sizes are in bytes.

    - `fields`: fields that are not files. `files`: files. More of either: 400.
    - `field_size`: one field. `file_size`: one file; `None` leaves it to the limit of the body. Larger: 413.
    - `memory`: all fields together, with their names and the headers of their parts, and the files that are
      small enough to stay in memory. More fields: 413; more files: to disk.
    - `spool_size`: a file that is larger goes to a temporary file.

    The headers of a part are at most 8 of 8 KiB each.
    """

    fields: int = 1_000
    field_size: int = 1_000_000
    files: int = 100
    file_size: int | None = None
    memory: int = 2_500_000
    spool_size: int = 100_000

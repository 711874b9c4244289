"""Rows of text in columns."""

from collections.abc import Sequence

__all__ = ["columns"]


def columns(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[str]:
    """The rows as lines whose cells stand below each other; columns that are empty everywhere are left out."""
    kept = [at for at in range(max(map(len, rows), default=0)) if any(row[at] for row in rows)]
    widths = [max(len(row[at]) for row in rows) for at in kept]
    return [
        indent + "  ".join([row[at].ljust(width) for at, width in zip(kept, widths, strict=True)]).rstrip()
        for row in rows
    ]

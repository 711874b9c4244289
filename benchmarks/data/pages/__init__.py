"""The pages of TechEmpower's benchmark that use a database, as each framework's users would write them.

`/db`: a row by key. `/queries?n=20`: twenty of them. `/fortunes`: twelve rows and one more, sorted, in a page with layout. `/updates?n=20`: twenty rows
read, changed and written. `/cached?n=20`: twenty rows out of memory.
"""

import os

URL = os.environ.get("BENCH_DATABASE", "postgresql://postgres@127.0.0.1:5432/bench")
ROWS = 10_000


def count(text: str | None) -> int:
    """How many rows are asked for: 1 to 500."""
    try:
        return min(500, max(1, int(text or 1)))
    except ValueError:
        return 1

"""Pages for people, as the users of each framework would write them, on PostgreSQL.

`/fortunes`: twelve rows and one more, sorted, in a page with a layout. `/form`: a form of ten fields, rendered; posted to, it is validated.
`/grid/`: fifty of a thousand films in a table with their directors, sorted links, a search and pages. What each shows is checked before it is measured.
"""

import os

URL = os.environ.get("BENCH_DATABASE", "postgresql://postgres@127.0.0.1:5432/bench")

FORTUNE = "Additional fortune added at request time."
KINDS = ("short", "long", "serial")
COUNTRIES = ("fr", "de", "it", "es", "uk")

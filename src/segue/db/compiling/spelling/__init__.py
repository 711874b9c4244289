"""How each database spells what expressions say: loaded when the first statement is made.

- functions: ``functions``; of groups and windows: ``groups``
- times and what is added to them: ``times``; JSON, arrays and ranges: ``nested``
- geometries: ``spatial``
- queries inside of queries: ``tables``; words that are searched for: ``search``
- operators and SQL of one's own: ``own``
"""

from segue.db.compiling.spelling import functions, groups, nested, own, search, spatial, tables, times

__all__ = ["functions", "groups", "nested", "own", "search", "spatial", "tables", "times"]

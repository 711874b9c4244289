"""Functions of the database, by what they are about; all can be imported from here.

    from segue.db.functions import concat, row_number, trim

    Author.select(concat(Author.name, " <", Author.email, ">"), row_number().over(order_by=Author.name))

- of groups of rows: ``groups``; over windows: ``ranks``
- of text: ``text``; of numbers: ``numbers``; of times: ``clock``, and the methods ``part``, ``trunc``, ``date`` of expressions
- that choose among values: ``choices``; anything else that a database has: ``own``
"""

from segue.db.functions.choices import case, coalesce, greatest, least, nullif, value
from segue.db.functions.clock import now
from segue.db.functions.groups import collect, count, deviation, every, some, string_agg, variance
from segue.db.functions.numbers import (
    absolute,
    ceil,
    exp,
    floor,
    ln,
    log10,
    power,
    random,
    rounded,
    sign,
    sqrt,
)
from segue.db.functions.own import fragment, function
from segue.db.functions.ranks import (
    cume_dist,
    dense_rank,
    first_value,
    lag,
    last_value,
    lead,
    nth_value,
    ntile,
    percent_rank,
    rank,
    row_number,
)
from segue.db.functions.text import (
    concat,
    left,
    left_pad,
    position,
    repeat,
    replace,
    replace_pattern,
    reverse,
    right,
    right_pad,
    similar,
    similarity,
    substring,
    title,
    trim,
    trim_end,
    trim_start,
)

__all__ = [
    "absolute",
    "case",
    "ceil",
    "coalesce",
    "collect",
    "concat",
    "count",
    "cume_dist",
    "dense_rank",
    "deviation",
    "every",
    "exp",
    "first_value",
    "floor",
    "fragment",
    "function",
    "greatest",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "left_pad",
    "ln",
    "log10",
    "now",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "position",
    "power",
    "random",
    "rank",
    "repeat",
    "replace",
    "replace_pattern",
    "reverse",
    "right",
    "right_pad",
    "rounded",
    "row_number",
    "sign",
    "similar",
    "similarity",
    "some",
    "sqrt",
    "string_agg",
    "substring",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "value",
    "variance",
]

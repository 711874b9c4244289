"""Draws the bars of ``docs/assets/benchmarks.svg``: requests per CPU-second, light and dark, readable without colour."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from harness.results import Results, WorkResult
from harness.roster import PEERS
from harness.works import WORKS

SHOWN = ("plaintext", "json", "order")
WIDTH, LABEL, ROW, BAR, HEAD, VALUE = 760, 200, 22, 14, 56, 76
BY_NAME = {peer.name: peer for peer in PEERS}
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .segue { fill: #0b6e4f } .limit { fill: #8c959f } .framework { fill: #54aeff }
  text.own { font-weight: 700 }
  .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .ground { fill: #0d1117 }
    .segue { fill: #3fb98a } .limit { fill: #6e7681 } .framework { fill: #1f6feb }
  }
"""


def draw_chart(results: Results) -> str:
    """One panel of bars per work; every bar has its figure beside it, so that colour carries nothing alone."""
    panels: list[str] = []
    top = 8
    told: list[str] = []
    for work in WORKS:
        if work.name in SHOWN and work.name in results.works:
            drawn, height, summary = _panel(work.title, results.works[work.name], top)
            panels += drawn
            told.append(summary)
            top += height
    described = " ".join(told) or "Nothing has been measured yet."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 8}" width="{WIDTH}"',
            ' role="img" aria-labelledby="title description">',
            '<title id="title">Requests per CPU-second: Segue, bare servers and peer frameworks</title>',
            f'<desc id="description">{escape(described)}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{top + 8}"/>',
            *panels,
            "</svg>",
            "",
        ]
    )


def _panel(title: str, result: WorkResult, top: int) -> tuple[list[str], int, str]:
    figures = {name: cell.per_cpu_second for name, cell in result.cells.items() if cell.samples}
    names = sorted(figures, key=lambda name: -figures[name])
    scale = (WIDTH - LABEL - VALUE - 16) / max(figures.values(), default=1.0)
    drawn = [f'<text class="title" x="16" y="{top + 30}">{escape(title)}</text>']
    for row, name in enumerate(names):
        drawn += _bar(name, figures[name], scale, top + HEAD - 12 + row * ROW)
    summary = ", ".join(f"{BY_NAME[name].title} {figures[name]:,.0f}" for name in names)
    return drawn, HEAD + ROW * len(names), f"{title}: {summary}."


def _bar(name: str, figure: float, scale: float, y: int) -> Iterator[str]:
    peer = BY_NAME[name]
    own = ' class="own"' if peer.kind == "segue" else ""
    length = figure * scale
    yield f'<text{own} x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(peer.title)}</text>'
    yield f'<rect class="{peer.kind}" x="{LABEL}" y="{y + 1}" width="{length:.1f}" height="{BAR}" rx="2"/>'
    yield f'<text{own} x="{LABEL + length + 6:.1f}" y="{y + 12}">{figure:,.0f}</text>'

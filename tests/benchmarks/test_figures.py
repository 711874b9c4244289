"""Every peer has its application and its pinned version; the load is the load the applications expect."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
from harness.chart import draw_chart
from harness.load import BENCHMARKS, parse_wrk
from harness.order import INVALID_JSON, ORDER, ORDER_JSON
from harness.report import page, write_page
from harness.results import Cell, Results, Sample, WorkResult, load_results
from harness.roster import PEERS
from harness.works import WORKS
from peers.order_msgspec import Order

WRK = """Running 1s test @ http://127.0.0.1:1/plaintext
  1 threads and 64 connections
  Latency Distribution
     50%  640.00us
     75%  700.00us
     90%    1.02ms
     99%    1.90ms
  116000 requests in 1.10s, 14.05MB read
  Socket errors: connect 0, read 3, write 0, timeout 1
  Non-2xx or 3xx responses: 7
Requests/sec: 105454.55
Transfer/sec:     12.78MB
"""


def test_what_wrk_prints_is_read() -> None:
    figures = parse_wrk(WRK)
    assert (figures.requests, figures.rate, figures.failed) == (116_000, 105_454.55, 11)
    assert (figures.p50_ms, figures.p99_ms) == (0.64, 1.9)


def test_names_are_unique_and_every_peer_has_a_file() -> None:
    names = [peer.name for peer in PEERS]
    assert len(set(names)) == len(names)
    files = {path.stem.removesuffix("_app") for path in (BENCHMARKS / "peers").glob("*_app.py")}
    assert files == {name.partition("@")[0] for name in names}


def test_everything_compared_is_pinned_exactly() -> None:
    texts = [
        (BENCHMARKS / name).read_text() for name in ("requirements.txt", "requirements-older-uvloop.txt")
    ]
    pins = {}
    for line in "".join(texts).splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.+]*", line)
            name, _, version = line.partition("==")
            pins[name.lower()] = version
    compared = {name for peer in PEERS for name in peer.distributions} - {"segue"}
    assert compared <= set(pins)


def test_the_posted_order_is_valid_and_the_invalid_one_is_not() -> None:
    order = msgspec.json.decode(ORDER_JSON, type=Order)
    assert msgspec.to_builtins(order) == ORDER
    assert len(ORDER) == 20
    assert f"'{ORDER_JSON.decode()}'" in (BENCHMARKS / "lua" / "order.lua").read_text()
    try:
        msgspec.json.decode(INVALID_JSON, type=Order)
    except msgspec.ValidationError:
        return
    raise AssertionError("the invalid order was accepted")


def sample(per_cpu_second: float, kib: float | None = None) -> Sample:
    return Sample(1000, 1.0, 1000.0, 1000 / per_cpu_second, 0.5, 2.0, 0, 40_960, kib)


def results() -> Results:
    made = Results({"processor": "one & only"}, {"falcon": "4"}, {}, {"import": {"milliseconds": 80.0}})
    for work in WORKS:
        cells = {
            "segue": Cell([sample(90_000, 9.0), sample(100_000, 9.5), sample(95_000, 10.0)]),
            "fastpysgi": Cell([sample(110_000, 60.0)]),
            "socketify": Cell([sample(60_000, 1.0)]),
            "falcon": Cell([sample(50_000, 8.0)]),
            "sanic": Cell(failure="failed: ended with code 1: boom"),
        }
        made.works[work.name] = WorkResult("2026-11-20", 3, 3, 0.01, cells)
    return made


def test_results_are_kept(tmp_path: Path) -> None:
    kept = results()
    kept.save(tmp_path / "results.json")
    assert load_results(tmp_path / "results.json") == kept


def test_the_page_tells_figures_ratios_and_failures() -> None:
    text = "\n".join(page(results()))
    assert "| plaintext, of bare fastpysgi | at least 0.8 | 0.86 | met |" in text
    assert "| plaintext, of the best peer framework (socketify) | at least 1.7 | 1.58 | **not met** |" in text
    assert "| `import segue` | at most 120 ms | 80.00 ms | met |" in text
    assert "| resident memory during a 10 GiB upload to disk | at most 80 MiB | not yet | |" in text
    assert "Sanic (failed: ended with code 1: boom)" in text
    assert "| **Segue** | segue serve | 95,000 | 0.86 | 1.58 |" in text
    assert "The best one in Python is Falcon (ASGI); Segue does 1.90 times as much." in text


def test_the_chart_is_readable_without_colours_and_without_eyes() -> None:
    svg = ET.fromstring(draw_chart(results()))
    space = "{http://www.w3.org/2000/svg}"
    title, description = svg.find(f"{space}title"), svg.find(f"{space}desc")
    assert title is not None
    assert title.text
    assert description is not None
    assert "Segue 95,000" in (description.text or "")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    figures = [text.text for text in svg.iter(f"{space}text")]
    assert figures.count("95,000") == 3
    assert "prefers-color-scheme: dark" in draw_chart(results())


def test_page_and_chart_are_written(tmp_path: Path) -> None:
    write_page(results(), tmp_path)
    assert (tmp_path / "benchmarks.md").read_text().startswith("# Benchmarks\n")
    assert (tmp_path / "assets" / "benchmarks.svg").exists()

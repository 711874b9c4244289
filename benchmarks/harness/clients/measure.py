"""What the own clients print."""

from __future__ import annotations

import json
from collections.abc import Sequence


def print_figures(latencies: Sequence[float], seconds: float, failed: int = 0) -> None:
    """One line of JSON with the fields of ``harness.load.Figures``; latencies and duration in seconds."""
    ordered = sorted(latencies) or [0.0]
    at = {
        quantile: ordered[min(len(ordered) - 1, int(len(ordered) * quantile))] * 1000
        for quantile in (0.5, 0.99)
    }
    count = len(latencies)
    figures = {
        "requests": count,
        "rate": count / seconds,
        "p50_ms": at[0.5],
        "p99_ms": at[0.99],
        "failed": failed,
    }
    print(json.dumps(figures))

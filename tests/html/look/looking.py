"""How pages are looked at: at the size of a phone and of a desk, in light and dark, and by axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from browser import Tab

__all__ = ["BLOCKED", "SIZES", "findings", "look"]

AXE = Path(__file__).resolve().parents[3] / ".cache" / "ui" / "axe" / "axe.min.js"
BLOCKED = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


def look(tab: Tab, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    tab.command(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    tab.command(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}], media=""
    )


def findings(tab: Tab) -> list[Any]:
    """What axe finds that is serious."""
    tab.value(AXE.read_text(encoding="utf-8") + ";0")
    found = tab.value(
        "axe.run().then(({violations}) => violations.filter(one => ['serious', 'critical'].includes(one.impact))"
        ".map(one => [one.id, one.nodes.map(node => node.html + ' ' + node.failureSummary)]))"
    )
    return list(found)

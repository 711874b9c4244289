"""What must not be where others can reach an app: ``segue check --deploy``."""

from collections.abc import Iterator

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding
from segue.core.middleware.security_headers import DEFAULT_HEADERS

__all__ = ["deploy_findings"]


def deploy_findings(app: App, file: str) -> Iterator[Finding]:
    """What the core knows of it; plugins add what they know, by ``app.check(..., deploy=True)``."""
    if app.debug:
        yield Finding(
            file, 1, "debug", "debug is on: error pages show the source of the app. Take debug=True away"
        )
    present = dict(app.default_headers)
    for name, value in DEFAULT_HEADERS:
        if name not in present:
            told = f"{name.decode()}: {value.decode()}"
            yield Finding(
                file,
                1,
                "missing-header",
                f"responses lack the field {told!r}: leave it in app.default_headers",
            )
    names = {one.name for one in app.declared.plugins} | set(app.declared.brought)
    if "security" not in names:
        yield Finding(
            file,
            1,
            "no-security",
            "nothing sends visitors to HTTPS, limits what a page may load, or knows the hosts of the app: list the plugin "
            "segue.security.Security(hosts=[...])",
        )

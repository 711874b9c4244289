"""What makes pages of templates in an app."""

from segue.core.ports import Templating
from segue.core.records import Recorded

__all__ = ["templating_of"]


def templating_of(app: Recorded, problems: list[str]) -> Templating | None:
    """What makes the pages of ``app``; ``problems`` hears of a second one."""
    declared = app.declared.pages.templating
    if len(declared) > 1:
        places = " and ".join(str(place) for _, place in declared)
        problems.append(f"two plugins make pages of templates: {places}; take one away")
    return declared[0][0] if declared else None

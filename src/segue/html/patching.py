"""Patches of templates that somebody else has written: what changes in an element of theirs."""

from collections.abc import Iterable, Sequence

from segue.core.pages.records import Patch
from segue.core.records import Recorded
from segue.html.errors import TemplateError
from segue.html.selectors import BadSelector, Found, select

__all__ = ["patched", "patches_of"]


def patches_of(apps: Sequence[Recorded]) -> list[Patch]:
    """The patches of apps, those of the innermost first: who includes it sees what it has made."""
    return [one for app in reversed(apps) for one in app.declared.pages.patches]


def patched(text: str, name: str, file: str | None, patches: Iterable[Patch]) -> str:
    """The text of a template with what patches do to it. Raises TemplateError for one that finds no element."""
    for patch in patches:
        if patch.template == name or (file is not None and patch.file is not None and patch.file == file):
            text = _applied(text, name, patch)
    return text


def _applied(text: str, name: str, patch: Patch) -> str:
    try:
        found = select(text, patch.selector)
    except BadSelector as error:
        raise TemplateError(f"{patch.place}: {error}") from None
    if not found:
        raise TemplateError(
            f"{patch.place}: a patch is for {patch.selector!r} in the template {name!r}, which has no such element"
        )
    # From the end, so that what is before stays where it is.
    for one in sorted(found, key=lambda element: element.start, reverse=True):
        begin, end = _place(one, patch.where)
        text = text[:begin] + patch.text + text[end:]
    return text


def _place(one: Found, where: str) -> tuple[int, int]:
    places = {
        "content": (one.opened, one.closing),
        "prepend": (one.opened, one.opened),
        "append": (one.closing, one.closing),
        "replace": (one.start, one.end),
        "before": (one.start, one.start),
        "after": (one.end, one.end),
    }
    return places[where]

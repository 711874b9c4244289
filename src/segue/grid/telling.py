"""Messages for the next page, where the app has them."""

from segue.core.texts.lazy import Words
from segue.http.request import Request
from segue.security.flash import Flash

__all__ = ["tell"]


async def tell(request: Request, text: Words, category: str = "success") -> None:
    """Leaves a message, if the app lists what carries it (``Flashes``, which ``Sessions`` brings)."""
    async with request.app.scope(request) as scope:
        try:
            flash = await scope.get(Flash)
        except LookupError:
            return
        flash(str(text), category)

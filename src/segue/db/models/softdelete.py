"""Models whose deleted objects stay: marked, left out of queries, and brought back."""

from datetime import UTC, datetime
from typing import Any, Self

from segue.db.models.fields import Field, field
from segue.db.models.model import Model
from segue.db.models.rules import add_rule
from segue.db.queries.expressions import Condition

__all__ = ["SoftDelete"]


def _keep_what_is_deleted(model: Any) -> None:
    """Queries of a model leave out what is marked, and deleting marks."""

    def present() -> Condition:
        condition: Condition = model.__mapping__.expression("deleted_at") == None  # noqa: E711 -- SQL
        return condition

    add_rule(model, present, steady=True)
    model.__mapping__.kept["mark deleted"] = lambda: {"deleted_at": datetime.now(UTC)}


class SoftDelete(Model, abstract=True):
    """A model whose deleted objects stay in their table and leave all queries.

        class Page(SoftDelete):
            text: Field[str] = field(text=True)

        await page.delete()
        await Page.all().count()                    # without it
        await Page.all().unscoped().count()         # with it
        await page.restore()
        await page.erase()                          # now it is gone

    ``query.delete()`` marks too; ``query.erase()`` deletes the rows. Objects that refer to a deleted one keep it: nothing happens in
    the database, so ``on_delete`` has no part in it. A unique field is unique among deleted ones too, unless
    ``constraints = (unique("slug", where=lambda page: page.deleted_at == None),)`` says so.
    """

    __made__ = staticmethod(_keep_what_is_deleted)

    deleted_at: Field[datetime | None] = field(default=None, index=True, read_only=True)

    async def restore(self) -> Self:
        """Brings it back."""
        self.deleted_at = None
        return await self.save()

    async def erase(self) -> None:
        """Deletes its row, marked or not. Raises Stale if it is not there any more."""
        from segue.db.writing.saving import deleted

        await deleted(self, for_good=True)

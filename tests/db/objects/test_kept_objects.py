"""Objects that stay when they are deleted, that remember what they were, and who wrote them."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from shop import Opened

from segue.db import Field, Keyed, Many, Model, Ref, Stale, field
from segue.db.models.audit import Audited, acting_as
from segue.db.models.softdelete import SoftDelete
from segue.db.models.versions import Versioned

pytestmark = pytest.mark.anyio


class Turned:
    """A cipher that everybody can see through."""

    def encrypt(self, data: bytes) -> bytes:
        return data[::-1]

    def decrypt(self, data: bytes) -> bytes:
        return data[::-1]


class Shelf(Model, table="kept_shelf"):
    name: Field[str] = field(max_length=30)
    books: Many[Book]


class Book(SoftDelete, Versioned, table="kept_book"):
    title: Field[str] = field(max_length=80)
    shelf: Ref[Shelf | None] = field(default=None)
    price: Field[Decimal] = field(digits=8, places=2, default=Decimal(0))
    printed: Field[date | None] = field(default=None)
    notes: Field[list[str]] = field(default_factory=list)
    secret: Field[str] = field(encrypted=Turned(), default="", private=True)


BOOKS = (Shelf, Book, Book.__mapping__.kept["versions"])


async def test_deleted_objects_leave_every_query_and_come_back(opened: Opened) -> None:
    await opened(*BOOKS)
    shelf = await Shelf.create(name="jazz")
    one, two = await Book.create(title="one", shelf=shelf), await Book.create(title="two", shelf=shelf)
    await one.delete()
    assert one.deleted_at is not None
    assert await Book.all() == [two]
    assert await Book.get_or_none(one.id) is None
    assert await Book.all().count() == 1
    assert await Shelf.select(Shelf.books.count()) == [(1,)]
    assert await Shelf.where(Shelf.books.any(Book.title == "one")) == []
    assert (await Shelf.all().load(Shelf.books))[0].books == [two]
    assert await Book.all().unscoped().count() == 2
    assert await Book.all().update(title="three") == 1
    with pytest.raises(Stale):
        await one.delete()
    await one.restore()
    assert (await Book.get(one.id)).title == "one"
    assert await Book.all().delete() == 2
    assert await Book.all().count() == 0
    assert await Book.all().unscoped().count() == 2
    await one.erase()
    assert await Book.all().unscoped().erase() == 1
    assert await Book.all().unscoped().count() == 0


@pytest.mark.row("W-10")
async def test_each_change_leaves_a_version_and_is_undone(opened: Opened) -> None:
    db = await opened(*BOOKS)
    with acting_as("django"):
        book = await Book.create(title="one", price=Decimal("9.90"), printed=date(1934, 1, 2), secret="s1")
    assert await book.history() == []
    with acting_as("stéphane"):
        book.title, book.secret, book.notes = "two", "s2", ["better"]
        await book.save()
    await book.save()
    await Book.where(Book.title == "two").update(title="three")
    await book.refresh()
    history = await book.history()
    assert [(one.action, one.by, one.values["title"]) for one in history] == [
        ("update", None, "two"),
        ("update", "stéphane", "one"),
    ]
    old = history[1].object()
    assert (old.title, old.price, old.printed, old.secret, old.notes) == (
        "one",
        Decimal("9.90"),
        date(1934, 1, 2),
        "s1",
        [],
    )
    assert "s1" not in str(history[1].values)
    assert base64.b64decode(history[1].values["secret"]) == b'"1s"'
    await book.undo()
    assert ((await Book.get(book.id)).title, len(await book.history())) == ("two", 1)
    await book.undo()
    assert (await Book.get(book.id)).secret == "s1"
    with pytest.raises(LookupError, match="no version"):
        await book.undo()
    # A deleted one is left in the table, and brought back by its version too.
    await book.delete()
    assert await Book.all().count() == 0
    await (await book.history())[0].restore()
    assert (await Book.get(book.id)).title == "one"
    await book.erase()
    restored = await (await book.history())[0].restore()
    assert (restored.id, (await Book.get(book.id)).title) == (book.id, "one")
    versions = len(await restored.history())
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 -- the block is what is tested
        async with db.transaction():
            await Book.all().delete()
            raise ZeroDivisionError
    assert len(await restored.history()) == versions


async def test_who_and_when(opened: Opened) -> None:
    class Page(Audited):
        text: Field[str] = field(max_length=80)

    await opened(Page)
    with acting_as("django"):
        page = await Page.create(text="one")
    assert (page.created_by, page.updated_by) == ("django", "django")
    assert abs(datetime.now(UTC) - page.created_at) < timedelta(minutes=1)
    with acting_as("stéphane"):
        page.text = "two"
        await page.save()
        await Page.all().update(text="three")
    found = await Page.get(page.id)
    assert (found.created_by, found.updated_by) == ("django", "stéphane")
    assert found.updated_at >= found.created_at


async def test_versions_of_objects_with_keys_of_their_own(opened: Opened) -> None:
    class Sheet(Versioned, Keyed, table="kept_sheet"):
        id: Field[UUID] = field(key=True, default_factory=uuid4)
        text: Field[str] = field(max_length=80)

    await opened(Sheet, Sheet.__mapping__.kept["versions"])
    sheet = await Sheet.create(text="one")
    sheet.text = "two"
    await sheet.save()
    await sheet.undo()
    assert (await Sheet.get(sheet.id)).text == "one"

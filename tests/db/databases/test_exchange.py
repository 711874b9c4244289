"""Data between databases and programs: CSV of a table and of all, brought together by UUID; rows as XML, JSON and CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from segue import App
from segue.db import ConfigurationError, Database, Field, Model, Query, Ref, Rows, field
from segue.db.data.fixtures import dump, load
from segue.formats import CSV, JSON, XML
from segue.testing import AsyncClient

pytestmark = [pytest.mark.anyio, pytest.mark.requires("postgresql", "mariadb")]


class Shop(Model, table="exchange_shop"):
    uuid: Field[UUID] = field(unique=True, default_factory=uuid4)
    name: Field[str] = field(max_length=40)


class Sale(Model, table="exchange_sale"):
    uuid: Field[UUID] = field(unique=True, default_factory=uuid4)
    shop: Ref[Shop]
    cents: Field[int]
    note: Field[str | None] = field(default=None)


MODELS = [Shop, Sale]


async def everything(database: Database) -> set[tuple[str, int, str | None]]:
    return set(await Sale.select(Sale.shop.name, Sale.cents, Sale.note).using(database))


# The third part of the row, the commit in two phases, is in tests/db/engine/test_distributed.py.
@pytest.mark.row("W-12")
async def test_csv_of_all_tables_brings_databases_of_different_kinds_together(
    postgresql_url: str, mariadb_url: str, tmp_path: Path
) -> None:
    async with (
        Database(postgresql_url, name="paris", models=MODELS) as paris,
        Database(mariadb_url, name="nice", models=MODELS) as nice,
    ):
        await paris.create_all()
        await nice.create_all()
        # Both count their keys from 1: what is number 1 here is something else there.
        await paris.execute("insert into exchange_shop (uuid, name) values (:uuid, 'Rue Cler')", uuid=uuid4())
        await nice.execute(
            "insert into exchange_shop (uuid, name) values (:uuid, 'Vieux Port')", uuid=uuid4()
        )
        for database, cents, note in (
            (paris, 100, '=2+2, "quoted"\nnext line'),
            (paris, 200, None),
            (nice, 300, r"\N"),
            (nice, 400, ""),
        ):
            await database.execute(
                "insert into exchange_sale (uuid, shop_id, cents, note) select :uuid, id, :cents, :note from exchange_shop",
                uuid=uuid4(),
                cents=cents,
                note=note,
            )
        # There and back: each ends with all of it, under keys of its own.
        await dump(paris, tmp_path / "paris.csv")
        assert await load(nice, tmp_path / "paris.csv", match="uuid") == (3, 0)
        await dump(nice, tmp_path / "nice.csv")
        assert await load(paris, tmp_path / "nice.csv", match="uuid") == (3, 3)
        expected = {
            ("Rue Cler", 100, '=2+2, "quoted"\nnext line'),
            ("Rue Cler", 200, None),
            ("Vieux Port", 300, r"\N"),
            ("Vieux Port", 400, ""),
        }
        assert await everything(paris) == await everything(nice) == expected
        # A second time nothing is created, and what was changed in one place is so in the other.
        await Sale.where(Sale.cents == 300).using(nice).update(cents=333)
        await dump(nice, tmp_path / "again.csv", models=[Sale])
        assert await load(paris, tmp_path / "again.csv", models=[Sale], match="uuid") == (0, 4)
        assert {row[1] for row in await everything(paris)} == {100, 200, 333, 400}
        # One table is a file that other programs read.
        lines = list(csv.reader(io.StringIO((tmp_path / "again.csv").read_text(), newline="")))
        assert lines[0] == ["id", "uuid", "shop_id", "cents", "note"]
        assert len(lines) == 5
        with pytest.raises(ConfigurationError, match="of which model"):
            await load(paris, tmp_path / "again.csv", models=MODELS)


@pytest.mark.row("W-12")
async def test_rows_are_xml_json_and_csv(url: str) -> None:
    db = Database(url, models=MODELS)
    app = App(plugins=[db])

    @app.get("/rows", formats=[JSON, XML, CSV])
    async def rows() -> Rows[tuple[str, int]]:
        return Sale.order_by(Sale.cents).select(Sale.shop.name, Sale.cents)

    @app.get("/named", formats=[JSON, XML, CSV])
    async def named() -> list[dict[str, object]]:
        return await Sale.order_by(Sale.cents).select(Sale.shop.name, Sale.cents).dicts()

    @app.get("/sales", formats=[JSON, XML, CSV])
    async def sales() -> Query[Sale]:
        return Sale.order_by(Sale.cents).load(Sale.shop)

    async with AsyncClient(app) as client:
        await db.drop_all()
        await db.create_all()
        shop = await Shop.create(name="<Rue & Cler>")
        await Sale.create(shop=shop, cents=100)
        await Sale.create(shop=shop, cents=200)

        async def ask(path: str, kind: str) -> str:
            reply = await client.get(path, headers={"accept": kind})
            assert (reply.status, reply.headers["content-type"].split(";")[0]) == (200, kind)
            return reply.text

        assert await ask("/rows", "application/json") == '[["<Rue & Cler>",100],["<Rue & Cler>",200]]'
        assert "<result><item><item>&lt;Rue &amp; Cler&gt;</item><item>100</item></item>" in await ask(
            "/rows", "application/xml"
        )
        assert await ask("/rows", "text/csv") == "<Rue & Cler>,100\r\n<Rue & Cler>,200\r\n"
        assert "<item><shop_name>&lt;Rue &amp; Cler&gt;</shop_name><cents>100</cents></item>" in await ask(
            "/named", "application/xml"
        )
        assert (await ask("/named", "text/csv")).startswith("shop_name,cents\r\n<Rue & Cler>,100\r\n")
        assert "<shop><id>1</id>" in await ask("/sales", "application/xml")
        await db.drop_all()

"""chats, lists, posters and the top ten."""

import sqlalchemy as sa

from segue.db.migrations import op, types

after = "0002_the_films"


def upgrade() -> None:
    op.create_table(
        "film_list",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("owner_id", types.integer(), nullable=False),
        sa.Column("title", types.string(80), nullable=False),
        sa.Column("about", types.text(), nullable=False),
        sa.Column("link", types.string(40), nullable=True),
        sa.Column("created", types.datetime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["member.id"], name="fk_film_list_owner_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_film_list"),
        sa.UniqueConstraint("link", name="uq_film_list_link"),
        sa.UniqueConstraint("owner_id", "title", name="uq_film_list_owner_id_title"),
    )
    op.create_index("ix_film_list_owner_id", "film_list", ["owner_id"], unique=False)
    op.create_table(
        "chat_message",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("film_id", types.integer(), nullable=False),
        sa.Column("author_id", types.integer(), nullable=False),
        sa.Column("text", types.string(500), nullable=False),
        sa.Column("sent", types.datetime(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["member.id"], name="fk_chat_message_author_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["film_id"], ["film.id"], name="fk_chat_message_film_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_chat_message"),
    )
    op.create_index("ix_chat_message_author_id", "chat_message", ["author_id"], unique=False)
    op.create_index("ix_chat_message_film_id", "chat_message", ["film_id"], unique=False)
    op.create_index("ix_chat_message_sent", "chat_message", ["sent"], unique=False)
    op.create_table(
        "film_list_entry",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("list_id", types.integer(), nullable=False),
        sa.Column("film_id", types.integer(), nullable=False),
        sa.Column("place", types.integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["film_id"], ["film.id"], name="fk_film_list_entry_film_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["film_list.id"], name="fk_film_list_entry_list_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_film_list_entry"),
        sa.UniqueConstraint("list_id", "film_id", name="uq_film_list_entry_list_id_film_id"),
    )
    op.create_index("ix_film_list_entry_film_id", "film_list_entry", ["film_id"], unique=False)
    op.create_index("ix_film_list_entry_list_id", "film_list_entry", ["list_id"], unique=False)
    op.create_table(
        "poster",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("film_id", types.integer(), nullable=False),
        sa.Column("sender_id", types.integer(), nullable=True),
        sa.Column("file", types.string(200), nullable=False),
        sa.Column("sizes", types.json(), nullable=False),
        sa.Column("credit", types.string(200), nullable=False),
        sa.Column("sent", types.datetime(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["film.id"], name="fk_poster_film_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["member.id"], name="fk_poster_sender_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_poster"),
        sa.UniqueConstraint("film_id", name="uq_poster_film_id"),
    )
    op.create_index("ix_poster_sender_id", "poster", ["sender_id"], unique=False)
    op.create_table(
        "top_ten",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("day", types.date(), nullable=False),
        sa.Column("place", types.integer(), nullable=False),
        sa.Column("film_id", types.integer(), nullable=False),
        sa.Column("score", types.double(), nullable=False),
        sa.Column("before", types.integer(), nullable=True),
        sa.ForeignKeyConstraint(["film_id"], ["film.id"], name="fk_top_ten_film_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_top_ten"),
        sa.UniqueConstraint("day", "film_id", name="uq_top_ten_day_film_id"),
        sa.UniqueConstraint("day", "place", name="uq_top_ten_day_place"),
    )
    op.create_index("ix_top_ten_day", "top_ten", ["day"], unique=False)
    op.create_index("ix_top_ten_film_id", "top_ten", ["film_id"], unique=False)


def downgrade() -> None:
    op.drop_table("top_ten")
    op.drop_table("poster")
    op.drop_table("film_list_entry")
    op.drop_table("chat_message")
    op.drop_table("film_list")

"""films, members and reviews."""

import sqlalchemy as sa

from segue.db.migrations import op, types

after = ()


def upgrade() -> None:
    op.create_table(
        "distributor",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("name", types.string(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_distributor"),
        sa.UniqueConstraint("name", name="uq_distributor_name"),
    )
    op.create_table(
        "genre",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("name", types.string(40), nullable=False),
        sa.Column("slug", types.string(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_genre"),
        sa.UniqueConstraint("name", name="uq_genre_name"),
        sa.UniqueConstraint("slug", name="uq_genre_slug"),
    )
    op.create_table(
        "member",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("email", types.string(254), nullable=True),
        sa.Column("name", types.string(150), nullable=True),
        sa.Column("password", types.string(255), nullable=True),
        sa.Column("stamp", types.string(32), nullable=False),
        sa.Column("state", types.string(20), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("confirmed", types.datetime(), nullable=True),
        sa.Column("language", types.string(35), nullable=True),
        sa.Column("created", types.datetime(), nullable=False),
        sa.Column("last_login", types.datetime(), nullable=True),
        sa.Column("about", types.text(), nullable=False),
        sa.CheckConstraint(
            sa.text("state IN ('active', 'waiting', 'blocked')"), name="ck_member_state_cdd5acb4"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("email", name="uq_member_email"),
        sa.UniqueConstraint("name", name="uq_member_name"),
    )
    op.create_table(
        "person",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("name", types.string(100), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name", name="uq_person_name"),
    )
    op.create_table(
        "rating",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("name", types.string(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rating"),
        sa.UniqueConstraint("name", name="uq_rating_name"),
    )
    op.create_table(
        "segue_auth_event",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("at", types.datetime(), nullable=False),
        sa.Column("kind", types.string(40), nullable=False),
        sa.Column("owner", types.string(64), nullable=False),
        sa.Column("by", types.string(64), nullable=False),
        sa.Column("address", types.string(64), nullable=False),
        sa.Column("agent", types.string(250), nullable=False),
        sa.Column("detail", types.string(250), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segue_auth_event"),
    )
    op.create_index("ix_segue_auth_event_at", "segue_auth_event", ["at"], unique=False)
    op.create_index("ix_segue_auth_event_owner", "segue_auth_event", ["owner"], unique=False)
    op.create_table(
        "segue_device",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("key", types.string(64), nullable=False),
        sa.Column("owner", types.string(64), nullable=False),
        sa.Column("stamp", types.string(32), nullable=False),
        sa.Column("agent", types.string(250), nullable=False),
        sa.Column("address", types.string(64), nullable=False),
        sa.Column("created", types.double(), nullable=False),
        sa.Column("used", types.double(), nullable=False),
        sa.Column("until", types.double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segue_device"),
        sa.UniqueConstraint("key", name="uq_segue_device_key"),
    )
    op.create_index("ix_segue_device_owner", "segue_device", ["owner"], unique=False)
    op.create_index("ix_segue_device_until", "segue_device", ["until"], unique=False)
    op.create_table(
        "segue_grant",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("principal", types.string(170), nullable=False),
        sa.Column("permission", types.string(80), nullable=False),
        sa.Column("model", types.string(63), nullable=False),
        sa.Column("row_key", types.string(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segue_grant"),
        sa.UniqueConstraint(
            "principal",
            "permission",
            "model",
            "row_key",
            name="uq_segue_grant_principal_permission_model_row_key",
        ),
    )
    op.create_index("ix_segue_grant_model", "segue_grant", ["model"], unique=False)
    op.create_table(
        "segue_group",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("name", types.string(150), nullable=False),
        sa.Column("about", types.string(250), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segue_group"),
        sa.UniqueConstraint("name", name="uq_segue_group_name"),
    )
    op.create_table(
        "segue_passkey",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("owner", types.string(64), nullable=False),
        sa.Column("handle", types.string(90), nullable=False),
        sa.Column("credential", types.string(1400), nullable=False),
        sa.Column("public", types.text(), nullable=False),
        sa.Column("count", types.integer(), nullable=False),
        sa.Column("name", types.string(80), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("created", types.datetime(), nullable=False),
        sa.Column("used", types.datetime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_segue_passkey"),
        sa.UniqueConstraint("credential", name="uq_segue_passkey_credential"),
    )
    op.create_index("ix_segue_passkey_owner", "segue_passkey", ["owner"], unique=False)
    op.create_table(
        "segue_session",
        sa.Column("key", types.string(64), autoincrement=False, nullable=False),
        sa.Column("data", types.binary(), nullable=False),
        sa.Column("created", types.double(), nullable=False),
        sa.Column("used", types.double(), nullable=False),
        sa.Column("until", types.double(), nullable=False),
        sa.Column("owner", types.text(), nullable=False),
        sa.Column("owned_by", types.string(64), nullable=False),
        sa.Column("version", types.integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_segue_session"),
    )
    op.create_index("ix_segue_session_owned_by", "segue_session", ["owned_by"], unique=False)
    op.create_index("ix_segue_session_until", "segue_session", ["until"], unique=False)
    op.create_table(
        "segue_session_lock",
        sa.Column("key", types.string(64), autoincrement=False, nullable=False),
        sa.Column("holder", types.string(32), nullable=False),
        sa.Column("until", types.double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_segue_session_lock"),
    )
    op.create_table(
        "film",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("title", types.string(200), nullable=False),
        sa.Column("released", types.date(), nullable=True),
        sa.Column("minutes", types.integer(), nullable=True),
        sa.Column("director_id", types.integer(), nullable=True),
        sa.Column("genre_id", types.integer(), nullable=True),
        sa.Column("distributor_id", types.integer(), nullable=True),
        sa.Column("rating_id", types.integer(), nullable=True),
        sa.Column("source", types.string(40), nullable=True),
        sa.Column("kind", types.string(40), nullable=True),
        sa.Column("budget", types.integer(), nullable=True),
        sa.Column("us_gross", types.integer(), nullable=True),
        sa.Column("worldwide_gross", types.integer(), nullable=True),
        sa.Column("us_dvd_sales", types.integer(), nullable=True),
        sa.Column("imdb_score", types.double(), nullable=True),
        sa.Column("imdb_votes", types.integer(), nullable=False),
        sa.Column("tomatoes", types.integer(), nullable=True),
        sa.Column("words", types.text(words=True), nullable=False),
        sa.Column("stars", types.double(), nullable=True),
        sa.Column("review_count", types.integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["director_id"], ["person.id"], name="fk_film_director_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id"], ["distributor.id"], name="fk_film_distributor_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["genre_id"], ["genre.id"], name="fk_film_genre_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name="fk_film_rating_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_film"),
    )
    op.create_index("ix_film_director_id", "film", ["director_id"], unique=False)
    op.create_index("ix_film_distributor_id", "film", ["distributor_id"], unique=False)
    op.create_index("ix_film_genre_id", "film", ["genre_id"], unique=False)
    op.create_index("ix_film_imdb_score", "film", ["imdb_score"], unique=False)
    op.create_index("ix_film_imdb_votes", "film", ["imdb_votes"], unique=False)
    op.create_index("ix_film_rating_id", "film", ["rating_id"], unique=False)
    op.create_index("ix_film_released", "film", ["released"], unique=False)
    op.create_index("ix_film_stars", "film", ["stars"], unique=False)
    op.create_index("ix_film_title", "film", ["title"], unique=False)
    op.create_table(
        "member_groups",
        sa.Column("member_id", types.integer(), autoincrement=False, nullable=False),
        sa.Column("group_id", types.integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["segue_group.id"], name="fk_member_groups_group_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name="fk_member_groups_member_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "group_id", name="pk_member_groups"),
    )
    op.create_index("ix_member_groups_group_id", "member_groups", ["group_id"], unique=False)
    op.create_table(
        "review",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("film_id", types.integer(), nullable=False),
        sa.Column("author_id", types.integer(), nullable=False),
        sa.Column("stars", types.integer(), nullable=False),
        sa.Column("text", types.text(), nullable=False),
        sa.Column("state", types.string(10), nullable=False),
        sa.Column("written", types.datetime(), nullable=False),
        sa.Column("version", types.integer(), nullable=False),
        sa.CheckConstraint(
            sa.text("state IN ('waiting', 'shown', 'hidden')"), name="ck_review_state_50ed10a5"
        ),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name="fk_review_author_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["film_id"], ["film.id"], name="fk_review_film_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("film_id", "author_id", name="uq_review_film_id_author_id"),
    )
    op.create_index("ix_review_author_id", "review", ["author_id"], unique=False)
    op.create_index("ix_review_film_id", "review", ["film_id"], unique=False)
    op.create_index("ix_review_state", "review", ["state"], unique=False)
    op.create_index("ix_review_written", "review", ["written"], unique=False)
    op.create_word_index("film", ["words"])


def downgrade() -> None:
    op.drop_word_index("film", ["words"])
    op.drop_table("review")
    op.drop_table("member_groups")
    op.drop_table("film")
    op.drop_table("segue_session_lock")
    op.drop_table("segue_session")
    op.drop_table("segue_passkey")
    op.drop_table("segue_group")
    op.drop_table("segue_grant")
    op.drop_table("segue_device")
    op.drop_table("segue_auth_event")
    op.drop_table("rating")
    op.drop_table("person")
    op.drop_table("member")
    op.drop_table("genre")
    op.drop_table("distributor")

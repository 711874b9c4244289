"""reports of reviews."""

import sqlalchemy as sa

from segue.db.migrations import op, types

after = "0003_chats_lists_posters_and_the_top_ten"


def upgrade() -> None:
    op.create_table(
        "report",
        sa.Column("id", types.integer(), autoincrement=True, nullable=False),
        sa.Column("review_id", types.integer(), nullable=False),
        sa.Column("by_id", types.integer(), nullable=False),
        sa.Column("reason", types.string(300), nullable=False),
        sa.Column("written", types.datetime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name="fk_report_by_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="fk_report_review_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("review_id", "by_id", name="uq_report_review_id_by_id"),
    )
    op.create_index("ix_report_by_id", "report", ["by_id"], unique=False)
    op.create_index("ix_report_review_id", "report", ["review_id"], unique=False)


def downgrade() -> None:
    op.drop_table("report")

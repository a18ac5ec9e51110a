"""What is to be told of runs, kept until it has been: written in the transaction of the move that it tells of"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TO_COME = sa.text("next_action_at IS NOT NULL")


def upgrade() -> None:

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("batch", sa.String(length=110), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("receiver", sa.String(length=400), nullable=False),
        sa.Column("lane", sa.String(length=300), nullable=False),
        sa.Column("attach", sa.String(length=40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.Column("next_action_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_term", sa.String(length=60), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_outbox_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_next_action_at", "outbox", ["next_action_at"], sqlite_where=TO_COME, postgresql_where=TO_COME
    )
    op.create_index("ix_outbox_lane_id", "outbox", ["lane", "id"], sqlite_where=TO_COME, postgresql_where=TO_COME)
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"])


def downgrade() -> None:

    op.drop_table("outbox")

"""What beat knew of a campaign's file when it read it, and indexes for many campaigns and years of runs"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SWEPT = ("runs", "batches")
TO_COME = sa.text("next_action_at IS NOT NULL")


def upgrade() -> None:

    op.add_column("campaigns", sa.Column("file_seen", sa.Text(), nullable=True))
    op.create_index("ix_campaigns_file", "campaigns", ["file"])
    op.create_index("ix_exports_file", "exports", ["file"])
    op.create_index("ix_runs_due_at_id", "runs", ["due_at", "id"])
    for table in SWEPT:
        op.drop_index(f"ix_{table}_next_action_at", table)
        op.create_index(
            f"ix_{table}_next_action_at", table, ["next_action_at"], sqlite_where=TO_COME, postgresql_where=TO_COME
        )


def downgrade() -> None:

    for table in SWEPT:
        op.drop_index(f"ix_{table}_next_action_at", table)
        op.create_index(f"ix_{table}_next_action_at", table, ["next_action_at"])
    op.drop_index("ix_runs_due_at_id", "runs")
    op.drop_index("ix_exports_file", "exports")
    op.drop_index("ix_campaigns_file", "campaigns")
    op.drop_column("campaigns", "file_seen")

"""Batches by the day of their start, and the row that those who reserve calls of a day wait for"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_batches_start_at", "batches", ["start_at"])
    op.execute(sa.text("INSERT INTO switches (id) SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM switches)"))


def downgrade() -> None:

    op.drop_index("ix_batches_start_at", "batches")

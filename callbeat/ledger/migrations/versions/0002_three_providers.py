"""What batches of providers with pages, retries on request and starts at create need"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Column by column: a table that is made anew would be dropped under the rows that refer to it."""
    op.add_column("batches", sa.Column("doubted", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("page", sa.Text(), nullable=True))
    op.add_column("batches", sa.Column("retries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("retry_requests", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("calls", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("calls", sa.Column("last_outcome", sa.String(length=20), nullable=True))


def downgrade() -> None:

    for name in ("last_outcome", "changed_at"):
        op.drop_column("calls", name)
    for name in ("retry_requests", "retry_at", "retries", "page", "doubted"):
        op.drop_column("batches", name)

"""What batches of providers with pages, retries on request and starts at create need"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("batches") as table:
        table.add_column(sa.Column("doubted", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("page", sa.Text(), nullable=True))
        table.add_column(sa.Column("retries", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("retry_requests", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("calls") as table:
        table.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:

    with op.batch_alter_table("calls") as table:
        table.drop_column("changed_at")
    with op.batch_alter_table("batches") as table:
        for name in ("retry_requests", "retry_at", "retries", "page", "doubted"):
            table.drop_column(name)

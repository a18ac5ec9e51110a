"""Since when a batch is over at its provider, while calls of it are not settled"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.add_column("batches", sa.Column("over_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:

    op.drop_column("batches", "over_since")

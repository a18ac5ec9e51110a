"""What beat knew of a campaign's file when it read it, and campaigns by their files"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.add_column("campaigns", sa.Column("file_seen", sa.Text(), nullable=True))
    op.create_index("ix_campaigns_file", "campaigns", ["file"])


def downgrade() -> None:

    op.drop_index("ix_campaigns_file", "campaigns")
    op.drop_column("campaigns", "file_seen")

"""Who approved a revision, and when"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What ran before approvals were asked for goes on: an upgrade must not make its next runs be missed."""
    op.add_column("revisions", sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revisions", sa.Column("approved_by", sa.String(length=80), nullable=True))
    op.execute("UPDATE revisions SET approved_at = first_seen_at, approved_by = 'upgrade'")


def downgrade() -> None:

    op.drop_column("revisions", "approved_by")
    op.drop_column("revisions", "approved_at")

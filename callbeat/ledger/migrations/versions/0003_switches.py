"""What a person has switched off: a campaign, or everything"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "switches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("halted_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switches")),
    )
    op.add_column("campaigns", sa.Column("paused_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:

    op.drop_column("campaigns", "paused_since")
    op.drop_table("switches")

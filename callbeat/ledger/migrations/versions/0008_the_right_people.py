"""Waves of a run, hashed numbers, suppressed numbers, files that were written, and until when people are kept"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.add_column("batches", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batches", sa.Column("places", sa.JSON(), nullable=True))
    op.add_column("runs", sa.Column("keep_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_runs_keep_until", "runs", ["keep_until"])
    op.add_column("calls", sa.Column("number_hash", sa.String(length=32), nullable=True))
    op.create_index("ix_calls_number_hash", "calls", ["number_hash"])
    op.create_table(
        "suppressions",
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("number_hash", name=op.f("pk_suppressions")),
    )
    number_key = op.create_table(
        "number_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_key")),
    )
    op.bulk_insert(number_key, [{"id": 1, "key": secrets.token_hex(32)}])
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=400), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_exports_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_run_id", "exports", ["run_id"])


def downgrade() -> None:

    for table in ("exports", "number_key", "suppressions"):
        op.drop_table(table)
    op.drop_index("ix_calls_number_hash", "calls")
    op.drop_column("calls", "number_hash")
    op.drop_index("ix_runs_keep_until", "runs")
    op.drop_column("runs", "keep_until")
    op.drop_column("batches", "places")
    op.drop_column("batches", "due_at")

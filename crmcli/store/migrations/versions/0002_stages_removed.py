"""A stage can be removed and keep its history; a probability set by hand is kept while a deal is closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STAMP = sa.String().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    # Columns added at the end need no copy of the table: it keeps its numbering and takes no time.
    op.add_column("stage", sa.Column("removed_at", STAMP, nullable=True))
    op.add_column("opportunity", sa.Column("probability_kept_bp", sa.Integer(), nullable=True))

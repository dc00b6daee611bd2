"""An undo that takes one transaction of a batch back alone says which. Those of earlier books, which say nothing, stay
batches like any other. v_timeline goes by it; the views are made anew after every upgrade.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("batch", sa.Column("undoes_seq", big, nullable=True))
    present = sa.text("undoes_seq IS NOT NULL")
    op.create_index("ix_batch_undoes_seq", "batch", ["undoes_seq"], sqlite_where=present, postgresql_where=present)

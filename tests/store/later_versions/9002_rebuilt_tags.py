"""A table that other tables link to is rebuilt: SQLite copies it, drops it and renames the copy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "9002"
down_revision = "9001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE tag SET colour = 'grey' WHERE colour IS NULL")
    # What is not said of the copy is lost: its numbers would be given again.
    keep = {"sqlite_autoincrement": True}
    with op.batch_alter_table("tag", recreate="auto", table_kwargs=keep) as batch:
        batch.alter_column("colour", existing_type=sa.String(), nullable=False, server_default="grey")
    op.execute("UPDATE tag SET colour = 'red' WHERE name = 'vip'")

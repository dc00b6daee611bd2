"""A column, a table with a link, a rebuilt table and rewritten rows: what a later revision may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crmcli.store.schema import REVISION

revision = "9001"
down_revision = REVISION
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("colour", sa.String(), nullable=True))
    op.execute("UPDATE company SET colour = 'blue' WHERE name LIKE 'A%'")
    op.create_table(
        "badge",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("company_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.ForeignKey("company.id")),
    )
    op.execute("INSERT INTO badge (id, company_id) SELECT id, id FROM company")

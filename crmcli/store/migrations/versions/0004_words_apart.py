"""PostgreSQL's word indexes part words where SQLite's do: they are made anew after every upgrade. The hash of a
transaction covers who began its batch, by which door, when, and what it takes back. No table changes.
"""

from __future__ import annotations

from alembic import op

from crmcli.store import journal

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    context = op.get_context().config
    assert context is not None
    journal.relink(context.attributes["store"])

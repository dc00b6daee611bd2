"""PostgreSQL's word indexes part words where SQLite's do. No table changes, and word indexes are made anew after every
upgrade.
"""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

"""v_lead and v_deal have `next_task`. No table changes, and the views are made anew after every upgrade."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

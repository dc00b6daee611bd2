"""The view v_timeline is new; v_lead and v_deal have `next_due_on` and `next_due_at`, and round amounts below zero as
those above. No table changes, and the views are made anew after every upgrade.
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass

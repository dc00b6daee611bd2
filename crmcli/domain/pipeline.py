"""Leads to won deals: what moves a deal, and what it carries with it. Rules after Odoo 19's, in own words.

Won: in a won stage, probability 100. Lost: archived, probability 0, with a reason if one is given. Open: the rest.
A probability typed by hand stays until it is cleared, and is kept aside while the deal is won or lost; an automatic one
follows the stage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.types import read_instant
from crmcli.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_PIPELINE = "Sales"
FIRST_STAGES: tuple[dict[str, Any], ...] = (
    {"name": "New", "position": 1, "probability_bp": 1000},
    {"name": "Qualified", "position": 2, "probability_bp": 3000},
    {"name": "Proposition", "position": 3, "probability_bp": 6000},
    {"name": "Won", "position": 70, "probability_bp": 10000, "is_won": True},
)
FIRST_WORDS: dict[str, tuple[str, ...]] = {
    "task_type": ("call", "email", "meeting", "to-do", "document"),
    "lost_reason": ("Too expensive", "We don't have people/skills", "Not enough stock"),
}


def enter(deal: dict[str, Any], stage: dict[str, Any], now: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A deal (or lead) comes into a stage: (its new columns, the stage it leaves as a `stage_move`, or None).

    Entering a won stage wins it; leaving one re-opens it. A deal that moves between two won stages keeps its closing
    time. `now` is a stored instant.
    """
    values: dict[str, Any] = {"stage_id": stage["id"], "pipeline_id": stage["pipeline_id"]}
    if deal.get("stage_id") != stage["id"]:
        values["stage_since"] = now
    if stage["is_won"]:
        values.update(status="won", lost_reason_id=None, archived_at=None, **_set_aside(deal, 10_000))
        if deal.get("status") != "won":
            values["closed_at"] = now
    else:
        if deal.get("status") != "open":
            values.update(status="open", closed_at=None, lost_reason_id=None, archived_at=None)
            values.update(_taken_up(deal, stage))
        elif not deal.get("probability_manual"):
            values.update(probability_bp=stage["probability_bp"], probability_manual=False)
    return values, left(deal, stage["id"], now)


def misplaced(status: str, is_won: bool) -> bool:
    """Whether a lead or deal stands where it cannot: open in a won stage, or won in another one. A lost one stays in
    the stage where it was lost, whatever becomes of that."""
    return status == ("open" if is_won else "won")


def _set_aside(deal: Mapping[str, Any], points: int) -> dict[str, Any]:
    """The probability of a deal that is closed: `points`; a figure set by hand waits for it to be open again."""
    values: dict[str, Any] = {"probability_bp": points, "probability_manual": False}
    if deal.get("probability_manual"):
        values["probability_kept_bp"] = deal.get("probability_bp")
    return values


def _taken_up(deal: Mapping[str, Any], stage: Mapping[str, Any] | None) -> dict[str, Any]:
    """The probability of a deal that is open again: what was set by hand before, else its stage's."""
    kept = deal.get("probability_kept_bp")
    if kept is not None:
        return {"probability_bp": kept, "probability_manual": True, "probability_kept_bp": None}
    return {"probability_bp": stage["probability_bp"] if stage else 0, "probability_manual": False}


def left(deal: Mapping[str, Any], to_stage: int | None, now: str) -> dict[str, Any] | None:
    """The `stage_move` of a deal that leaves its stage at `now`; None when it stays or was in none."""
    if not deal.get("stage_id") or deal["stage_id"] == to_stage:
        return None
    entered = deal.get("stage_since") or deal["created_at"]
    seconds = max(0, int((read_instant(now) - read_instant(entered)).total_seconds()))
    return {
        "opportunity_id": deal["id"],
        "stage_id": deal["stage_id"],
        "entered_at": entered,
        "left_at": now,
        "seconds": seconds,
    }


def lose(deal: dict[str, Any], reason: int | None, now: str) -> dict[str, Any]:
    """Mark lost: archived, probability 0. A won deal is refused (re-open it first)."""
    if deal["status"] == "won":
        raise RefusedError(
            f"{deal['kind']} {deal['id']} is won and cannot be lost",
            f"re-open it first: crm {deal['kind']} reopen {deal['id']}",
        )
    return {
        "status": "lost", "closed_at": now, "archived_at": now, "lost_reason_id": reason, **_set_aside(deal, 0)
    }  # fmt: skip


def restore(deal: dict[str, Any], stage: dict[str, Any] | None) -> dict[str, Any]:
    """Bring a lost, archived or removed one back: open again with its own or its stage's probability; a won one stays
    won."""
    values: dict[str, Any] = {"archived_at": None, "removed_at": None}
    if deal["status"] == "lost":
        values.update(status="open", lost_reason_id=None, closed_at=None, **_taken_up(deal, stage))
    return values


def set_probability(deal: dict[str, Any], points: int | None, stage: dict[str, Any] | None) -> dict[str, Any]:
    """Type a probability (it stays), or with None go back to the automatic one."""
    if deal.get("status") == "won" and points != 10_000:
        raise RefusedError(f"{deal['kind']} {deal.get('id', '')} is won; its probability is 100")
    if deal.get("status") == "lost" and points:
        raise RefusedError(f"{deal['kind']} {deal.get('id', '')} is lost; restore it first")
    if deal.get("status") == "lost":
        return {"probability_kept_bp": None}
    if points is None:
        return {"probability_bp": stage["probability_bp"] if stage else 0, "probability_manual": False}
    return {"probability_bp": points, "probability_manual": True}

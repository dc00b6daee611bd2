"""Keeps a book tidy: names with capitals, no proposition without a value, a log of wins."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from crmcli.api import Change, Column, RefusedError, Report, Rows, data_dir, hookimpl, select

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

# Parts of family names that stay small after the first word.
SMALL = frozenset(["al", "bin", "da", "de", "del", "della", "den", "der", "di", "du", "la", "le", "ten", "van", "von"])
START = re.compile(r"(?:^|(?<=-)|(?<=^o['’])|(?<=^d['’]))[^\W\d_]")
UNVALUED = """\
-- column: stage text Stage
-- column: deals integer Deals
-- column: oldest instant Oldest
-- bars: deals
-- empty: every open deal has a value
SELECT stage, count(*) AS deals, min(created_at) AS oldest
FROM v_deal WHERE status = 'open' AND value_minor IS NULL
GROUP BY stage, stage_position ORDER BY stage_position, stage
"""


def tidy(name: str) -> str:
    """A person's name without doubled blanks, and with capitals if it was typed without any."""
    words = name.split()
    if name == name.lower():
        words = [w if i and w in SMALL else START.sub(lambda m: m[0].upper(), w) for i, w in enumerate(words)]
    return " ".join(words)


@hookimpl
def before_change(change: Change) -> Change | None:
    if change.after is None:
        return None
    if change.entity == "deal":
        _check_value(change)
    if change.entity in ("lead", "contact") and change.after.get("name"):
        return change._replace(after={**change.after, "name": tidy(change.after["name"])})
    return None


def _check_value(change: Change) -> None:
    deal = {"stage_id": None, "value_minor": None}
    after = change.after or {}
    if not deal.keys() & after.keys():
        return
    if change.before is not None:  # an edit says only what it touches
        known = select("SELECT stage_id, value_minor FROM v_deal_all WHERE id = ?", [change.id])
        if not known:  # a lead that becomes a deal may still be without a value
            return
        deal = known[0]
    deal.update({column: after[column] for column in deal if column in after})
    stage = select("SELECT name FROM v_stage WHERE id = ?", [deal["stage_id"]])
    if stage and stage[0]["name"].casefold() == "proposition" and deal["value_minor"] is None:
        raise RefusedError("a deal in Proposition needs a value", "set one: crm deal edit DEAL value=12000")


@hookimpl
def after_change(changes: Sequence[Change]) -> None:
    won = [c.id for c in changes if c.entity == "deal" and c.after and c.after.get("status") == "won"]
    if not won:
        return
    path = os.path.join(data_dir(), "wins.log")
    with open(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a", encoding="utf-8") as log:
        for number in won:
            for deal in select("SELECT closed_at, id, name, company, owner FROM v_deal WHERE id = ?", [number]):
                # One line and one cell each, whatever the name holds.
                log.write("\t".join(" ".join(str(v if v is not None else "").split()) for v in deal.values()) + "\n")


@hookimpl
def register_commands(app: typer.Typer) -> None:
    import typer

    group = typer.Typer(help="Names that could be tidier.")

    @group.command()
    def report() -> Rows:
        """List the leads and contacts whose names are not tidy, with the names they would get."""
        rows = []
        for kind in ("lead", "contact"):
            for row in select(f"SELECT id, name FROM v_{kind} ORDER BY id"):
                if tidy(row["name"]) != row["name"]:
                    rows.append({"record": f"{kind}:{row['id']}", "name": row["name"], "tidy": tidy(row["name"])})
        columns = (Column("record", None, "Record"), Column("name", None, "Name"), Column("tidy", None, "Tidy"))
        return Rows(columns, rows, empty="every name is tidy")

    app.add_typer(group, name="tidy")


@hookimpl
def register_reports() -> list[Report]:
    return [Report("unvalued", "Open deals without a value, by stage", UNVALUED)]

"""What an import would do, before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.results import Column, Page, Rows, Section
from crmcli.services.imports.taking import run

if TYPE_CHECKING:
    from crmcli.context import Context
    from crmcli.services.imports.planning import Plan


def preview(ctx: Context, made: Plan, *, counts: bool = True) -> Page:
    """The mapping as a table, what the import would do with the rows (`counts`: reads the whole file), and the first
    rows that it would refuse. Nothing is written. `values` has the counts, `notes` and, with counts, their `gist`."""
    rows = [{"column": c.header, "field": c.shown, "sample": c.sample[:40]} for c in made.columns]
    shown = (Column("column", None, "Column"), Column("field", None, "Field"), Column("sample", None, "Sample"))
    found: dict[str, Any] = {
        "file": made.called or made.path,
        "kind": made.kind.name if made.kind else None,
        "rows": made.rows,
        "blank_rows": made.blank,
    }
    notes = list(made.notes)
    sections = [Section("mapping", "Mapping", Rows(shown, rows))]
    if made.problem:
        notes.append(made.problem)
    if made.new_stages:
        notes.append(
            "new stages: "
            + ", ".join(f"{s.pipeline + ': ' if s.pipeline else ''}{s.stage or '(pipeline)'}" for s in made.new_stages)
        )
    if counts and made.kind is not None:
        done = run(ctx, made, dry_run=True)
        found.update(new=done.new, updated=done.updated, same=done.same, repeated=done.repeated, refused=done.refused)
        found["gist"] = done.gist
        notes += [note for note in done.notes if note not in notes]
        listed = [{"line": n, "column": c, "value": v, "reason": r} for n, c, v, r in done.listed]
        heads = (
            Column("line", None, "Line"),
            Column("column", None, "Column"),
            Column("value", None, "Value"),
            Column("reason", None, "Reason"),
        )
        sections.append(Section("listed", "Refused and repeated rows", Rows(heads, listed, empty="none")))
    found["notes"] = notes
    what = f" of {made.kind.plural}" if made.kind else f", {made.problem}"
    return Page(f"{made.called or made.path}: {made.rows:,} rows{what}", tuple(sections), found)
